"""The same row of several environments, once, with the names of all of them."""

from collections.abc import Sequence

from ops.preview.blocks import Line, Table, line


def merged(
    headers: Sequence[str],
    rows: Sequence[tuple[str, tuple[Line, ...]]],
    environments: Sequence[str],
    right: frozenset[int] = frozenset(),
) -> Table:
    """A table of `rows` (environment, cells). With more than one environment, a first column says where.

    Rows keep the order in which they first come; equal cells are one row.
    """
    where: dict[tuple[Line, ...], list[str]] = {}
    for environment, cells in rows:
        found = where.setdefault(cells, [])
        if environment not in found:
            found.append(environment)
    if len(environments) <= 1:
        return Table(tuple(headers), tuple(where), right)
    return Table(
        ("Environment", *headers),
        tuple((line(_in(found, environments)), *cells) for cells, found in where.items()),
        frozenset(index + 1 for index in right),
    )


def _in(found: Sequence[str], environments: Sequence[str]) -> str:
    return "all" if len(found) == len(environments) else ", ".join(name for name in environments if name in found)
