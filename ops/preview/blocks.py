"""The report as blocks of words, tables and lists, before anybody decides whether it is Markdown, HTML or a terminal.

No block holds markup: what is text stays text whatever is in it, and each renderer escapes in its own way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum


class Style(Enum):
    """How a piece of a line looks. `CODE` is for every name that somebody else wrote; `GOOD` and `BAD` are marks."""

    PLAIN = "plain"
    STRONG = "strong"
    CODE = "code"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Span:
    """A piece of a line. `url` makes it a link; only the report's own addresses are links."""

    text: str
    style: Style = Style.PLAIN
    url: str | None = None


type Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """Spans and plain texts as one line."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def strong(text: str) -> Span:
    """An emphasised piece."""
    return Span(text, Style.STRONG)


def code(text: str) -> Span:
    """A name, path or value."""
    return Span(text, Style.CODE)


def mark(good: bool) -> Span:
    """A tick or a cross, in the colour and shape that each medium has for it."""
    return Span("passed" if good else "refused", Style.GOOD if good else Style.BAD)


def joined(lines: Sequence[Line], separator: str) -> Line:
    """Lines as one, with `separator` between them."""
    found: list[Span] = []
    for index, item in enumerate(lines):
        found += ([Span(separator)] if index else []) + list(item)
    return tuple(found)


@dataclass(frozen=True)
class Paragraph:
    """One line of text."""

    content: Line


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """`right`: indexes of the columns with numbers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Fence:
    """Text as it is, line by line: what a tool said, or a file to copy."""

    lines: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True)
class Details:
    """Folded away under a summary."""

    summary: Line
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Alert:
    """A box that nobody overlooks. `kind`: caution, warning or note."""

    kind: str
    blocks: tuple["Block", ...]


type Block = Paragraph | Bullets | Table | Fence | Details | Alert


@dataclass(frozen=True)
class Section:
    """`weight`: what is lightest goes first when a comment is too long. A section with `title` "" has no heading."""

    title: str
    weight: int
    blocks: tuple[Block, ...]


def size(block: Block) -> int:
    """How many rows, items or lines can be left out of a block."""
    match block:
        case Bullets(items=parts) | Fence(lines=parts) | Table(rows=parts):
            return len(parts)
        case Details(blocks=blocks) | Alert(blocks=blocks):
            return sum(size(inner) for inner in blocks)
        case _:
            return 0


def kept(blocks: tuple[Block, ...], budget: int) -> tuple[Block, ...]:
    """The blocks with their first `budget` rows in all; a block of which nothing is left goes whole."""
    return tuple(_kept(blocks, [budget]))


def _kept(blocks: tuple[Block, ...], left: list[int]) -> Iterator[Block]:
    for block in blocks:
        if not size(block):
            if left[0] or not isinstance(block, Details | Alert):
                yield block
            continue
        take = min(left[0], size(block))
        if not take:
            continue
        match block:
            case Details() | Alert():
                yield replace(block, blocks=tuple(_kept(block.blocks, left)))
            case Bullets(items=items):
                left[0] -= take
                yield Bullets(items[:take])
            case Table(rows=rows):
                left[0] -= take
                yield replace(block, rows=rows[:take])
            case Fence(lines=lines):
                left[0] -= take
                yield replace(block, lines=lines[:take])
