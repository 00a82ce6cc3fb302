"""Who reads the sources' streams already: a shard bears two readers, and `follow` is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.migrate.account import Account
    from ops.migrate.folder import SourceTable

# "Best practices for DynamoDB Streams": more than two readers of a shard can be throttled.
MOST_READERS = 2
_READING = frozenset({"Creating", "Enabling", "Enabled", "Updating"})


def crowded(account: Account, sources: Mapping[str, SourceTable]) -> list[str]:
    """A warning for each source whose stream functions read so much that `follow` is one reader too many.

    Only event-source mappings are seen; other readers leave no trace in AWS. Where the account's role may not list
    them, that is the warning.
    """
    found: list[str] = []
    for name, table in sources.items():
        if table.stream_arn is None:
            continue
        try:
            pages = account.client("lambda").get_paginator("list_event_source_mappings")
            mappings = [
                one
                for page in pages.paginate(EventSourceArn=table.stream_arn)
                for one in page["EventSourceMappings"]
                if one.get("State") in _READING
            ]
        except (BotoCoreError, ClientError) as error:
            return [*found, f"who reads the sources' streams is not known ({error}): two readers a stream are too many"]
        if len(mappings) >= MOST_READERS:
            functions = ", ".join(sorted(one["FunctionArn"].rpartition(":function:")[2] for one in mappings))
            found.append(
                f"{name}: {len(mappings)} event-source mappings read its stream already ({functions}), and a shard "
                f"bears {MOST_READERS} readers: `follow` will be throttled, and so will they. Disable one meanwhile"
            )
    return found
