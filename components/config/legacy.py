"""Rules about tables under their old names, from which functions serve until a cut-over."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.config.findings import Finding
from components.data.tables import TABLES


def legacy_rules(values: Mapping[str, Any]) -> Iterator[Finding]:
    """Each is a table of the platform under one name of its own, with a stream of its own where the worker reads it."""
    found = values.get("legacyTables")
    if not isinstance(found, Mapping):
        return
    names: dict[str, str] = {}
    for logical, given in sorted(found.items()):
        path = f"legacyTables.{logical}"
        if logical not in TABLES:
            yield Finding(path, str(logical), "the platform has no such table", f"one of {', '.join(sorted(TABLES))}")
        if not isinstance(given, Mapping):
            continue
        name = str(given.get("name", ""))
        if name in names:
            yield Finding(f"{path}.name", name, f"{names[name]} has it already", "give each table one of its own")
        names[name] = str(logical)
        yield from _stream(path, str(logical), name, values, given)


def _stream(
    path: str, logical: str, name: str, values: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[Finding]:
    stream = given.get("streamArn")
    if stream is None:
        if logical in TABLES and TABLES[logical].stream:
            reason = "what follows a write would stop while this table serves"
            yield Finding(
                f"{path}.streamArn", "left out", reason, f"`omnix cutover show --table {logical}={name}` says it"
            )
        return
    start = f"arn:aws:dynamodb:{values.get('region')}:{values.get('accountId')}:table/{name}/stream/"
    if not str(stream).startswith(start):
        yield Finding(f"{path}.streamArn", str(stream), "it is no stream of that table", f"an ARN that begins {start}")
