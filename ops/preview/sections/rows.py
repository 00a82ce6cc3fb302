"""The same row of several environments, once, with the names of all of them."""

from collections.abc import Sequence

from ops.preview.blocks import Line, Table, line


def where(found: Sequence[str], environments: Sequence[str]) -> str:
    """The environments of a row, in their order; `all` when none is missing."""
    return "all" if len(found) == len(environments) else ", ".join(name for name in environments if name in found)


def merged(
    headers: Sequence[str],
    rows: Sequence[tuple[str, tuple[Line, ...]]],
    environments: Sequence[str],
) -> Table:
    """A table of `rows` (environment, cells). With more than one environment, a first column says where.

    Rows keep the order in which they first come; equal cells are one row.
    """
    places: dict[tuple[Line, ...], list[str]] = {}
    for environment, cells in rows:
        found = places.setdefault(cells, [])
        if environment not in found:
            found.append(environment)
    if len(environments) <= 1:
        return _without_empty(tuple(headers), tuple(places))
    return _without_empty(
        ("Environment", *headers),
        tuple((line(where(found, environments)), *cells) for cells, found in places.items()),
    )


def _without_empty(headers: tuple[str, ...], rows: tuple[tuple[Line, ...], ...]) -> Table:
    """The table without the columns in which no row says anything."""
    telling = [index for index in range(len(headers)) if any(row[index] for row in rows)]
    return Table(tuple(headers[i] for i in telling), tuple(tuple(row[i] for i in telling) for row in rows))
