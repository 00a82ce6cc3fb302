"""Who names whom: every text that was read of a resource, searched for the names and ARNs of all the others.

A variable's value may be a secret: of a text only the name that was found in it is shown.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from components.naming import PROJECT
from ops.audit.model import Kind, Reference
from ops.audit.names import whole
from ops.audit.reader import Reader  # noqa: TC001 - part of a public signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ops.audit.model import Resource
    from ops.audit.seen import Seen

# Names that others use. Log groups are named after what writes them, which is no use of them.
_NAMED = frozenset(
    {
        Kind.REST_API, Kind.HTTP_API, Kind.WEBSOCKET_API, Kind.FUNCTION, Kind.TABLE, Kind.ROLE, Kind.BUCKET,
        Kind.SECRET, Kind.DISTRIBUTION,
    }
)  # fmt: skip
# Logical to physical names, one parameter an environment (`components.data.parameters`).
_TABLE_MAP = re.compile(rf"/{PROJECT}/[^/]+/database/tables")


def names_of(resource: Resource) -> tuple[str, ...]:
    """What others may call a resource: an API by its id (in URLs), a distribution by its domain, a bucket in URIs."""
    if resource.kind not in _NAMED:
        return ()
    if resource.kind is Kind.DISTRIBUTION:
        return tuple(filter(None, (resource.name, resource.measures.get("domain"))))
    if resource.kind is Kind.BUCKET:
        # an origin is "bucket.s3.region.amazonaws.com"
        return (resource.name, f"{resource.name}.s3")
    return (resource.name,)


def between(seen: Sequence[Seen]) -> dict[str, list[Reference]]:
    """By the ARN of what is named: every place in a resource that names it. Nothing refers to itself."""
    index = Index(one.resource for one in seen)
    found: dict[str, list[Reference]] = defaultdict(list)
    for one in seen:
        for place, text in sorted(one.texts.items()):
            where = f"{one.resource.kind} {one.resource.label or one.resource.name}: {place}"
            for named, word in index.find(text):
                # an alarm's dimensions name things of its own region, a function's variables mostly do
                if named.arn != one.resource.arn and _same_place(one.resource, named, text):
                    found[named.arn].append(Reference(where=where, text=word, arn=one.resource.arn))
    return dict(found)


def _same_place(referring: Resource, named: Resource, text: str) -> bool:
    """A bare name means the resource of the same region; an ARN or URL says its region itself."""
    if named.region in (referring.region, "global") or referring.region == "global":
        return True
    return named.kind is Kind.BUCKET or named.region in text


class Index:
    """Finds the names of many resources in many texts."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_name: dict[str, list[Resource]] = defaultdict(list)
        for resource in resources:
            for name in names_of(resource):
                self._by_name[name].append(resource)

    @property
    def names(self) -> Iterable[str]:
        """Every name that is looked for."""
        return self._by_name

    def named(self, name: str) -> Sequence[Resource]:
        """The resources of a name."""
        return self._by_name.get(name, ())

    def find(self, text: str) -> Iterator[tuple[Resource, str]]:
        """Each resource whose whole name stands in a text, with that name."""
        if not text:
            return
        for name, resources in self._by_name.items():
            if name in text and whole(name).search(text):
                yield from ((resource, name) for resource in resources)


def parameters(reader: Reader, regions: Iterable[str], index: Index) -> dict[str, list[Reference]]:
    """References in Parameter Store's plain parameters. Encrypted ones are not read: an audit decrypts nothing."""
    found: dict[str, list[Reference]] = defaultdict(list)
    for region in regions:
        rows = reader.pages(
            "ssm", "get_parameters_by_path", region, "Parameters", tuple(_NAMED), Path="/", Recursive=True,
            WithDecryption=False,
        )  # fmt: skip
        for row in rows:
            if row.get("Type") == "SecureString":
                continue
            for resource, word in index.find(_meant(row["Name"], row.get("Value") or "")):
                if resource.region in (region, "global"):
                    found[resource.arn].append(Reference(where=f"parameter {row['Name']} in {region}", text=word))
    return dict(found)


def _meant(name: str, value: str) -> str:
    """What a parameter says. Of the platform's map of its tables only the names that stand for tables: its `orders` is
    the logical name of a table that is called otherwise, and no use of a legacy table `orders`.
    """
    if not _TABLE_MAP.fullmatch(name):
        return value
    try:
        return json.dumps(list(_values(json.loads(value))))
    except ValueError:
        return value


def _values(document: Any) -> Iterator[Any]:
    if isinstance(document, dict):
        for inner in document.values():
            yield from _values(inner)
    else:
        yield document


def merged(*several: Mapping[str, Sequence[Reference]]) -> dict[str, list[Reference]]:
    """All references by ARN, each once, in a stable order."""
    found: dict[str, set[Reference]] = defaultdict(set)
    for references in several:
        for arn, rows in references.items():
            found[arn].update(rows)
    return {arn: sorted(rows, key=lambda one: (one.where, one.line or 0, one.text)) for arn, rows in found.items()}
