"""Writes items back into a live table, never over what was written since, and with a file that undoes it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix.migration.checksum import canonical
from ops.backup.bringing_back import unchanged
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from omnix.migration.checksum import WireItem
    from ops.backup.bringing_back import Change, Key
    from ops.backup.waiting import Patience

_AT_ONCE = 100  # BatchGetItem


@dataclass
class Written:
    """What became of the items. `passed_over`: changed by others between our read and our write."""

    written: list[Key]
    passed_over: list[Key]


def live_items(client: Any, table: str, keys: Sequence[Key], patience: Patience) -> dict[Key, WireItem]:
    """The items of these keys that are there, strongly consistent."""
    found: dict[Key, WireItem] = {}
    for start in range(0, len(keys), _AT_ONCE):
        wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys[start : start + _AT_ONCE]]
        left: dict[str, Any] = {table: {"Keys": wanted, "ConsistentRead": True}}
        while left:
            answer = patience.insist(client.batch_get_item, RequestItems=left)
            found |= {(one["pk"]["S"], one["sk"]["S"]): one for one in answer["Responses"].get(table, [])}
            left = answer.get("UnprocessedKeys") or {}
            if left:
                patience.pause(0.2)
    return found


def write_back(client: Any, table: str, changes: Sequence[Change], undo: Path, patience: Patience) -> Written:
    """Put each restored item in the place of the live one that was read. The undo file is on disk before anything."""
    with undo.open("x", encoding="utf-8") as file:
        for change in changes:
            line = {"table": table, "key": change.key, "before": change.live, "after": change.restored}
            file.write(json.dumps(line, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    done = Written([], [])
    for change in changes:
        wrote = _conditional(client.put_item, patience, TableName=table, Item=change.restored, **unchanged(change.live))
        (done.written if wrote else done.passed_over).append(change.key)
    return done


def undone(
    client: Any, undo: Path, tables: Collection[str], patience: Patience, *, apply: bool
) -> tuple[list[Key], list[Key]]:
    """Put back what an undo file says was there before: (what is or would be, what others have changed since).

    Raises Refused, and touches nothing, when the file is of other tables than `tables` (physical names).
    """
    lines = list(_lines(undo))
    if foreign := sorted({line["table"] for line in lines} - set(tables)):
        raise Refused(f"{undo} is of {', '.join(foreign)}", "name the stack that the restore was of")
    back: list[Key] = []
    changed: list[Key] = []
    for line in reversed(lines):
        key, table = (line["key"][0], line["key"][1]), line["table"]
        live = live_items(client, table, [key], patience).get(key)
        if live is None or canonical(live) != canonical(line["after"]):
            changed.append(key)
        elif not apply or _put_before(client, table, line, live, patience):
            back.append(key)
        else:
            changed.append(key)
    return back, changed


def _put_before(client: Any, table: str, line: Mapping[str, Any], live: WireItem, patience: Patience) -> bool:
    if line["before"] is not None:
        return _conditional(client.put_item, patience, TableName=table, Item=line["before"], **unchanged(live))
    key = {"pk": live["pk"], "sk": live["sk"]}
    return _conditional(client.delete_item, patience, TableName=table, Key=key, **unchanged(live))


def _lines(undo: Path) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(undo.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict) or not {"table", "key", "before", "after"} <= line.keys():
            raise Refused(
                f"{undo}, line {number}, is no line of an undo file",
                "name the file that `restore --apply` wrote",
            )
        yield line


def _conditional(call: Callable[..., Any], patience: Patience, **arguments: Any) -> bool:
    from botocore.exceptions import ClientError

    try:
        patience.insist(call, **arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True
