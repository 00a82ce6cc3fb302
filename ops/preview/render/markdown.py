"""GitHub-flavoured Markdown in which no name, value or message can become markup.

Names are code spans: GitHub renders no mention, reference, link or HTML in them. Other texts are escaped character by
character, and what GitHub makes of plain text (mentions, references, addresses) is broken with a word joiner.
"""

import re
from collections.abc import Sequence

from ops.preview.blocks import Alert, Block, Bullets, Details, Fence, Line, Paragraph, Section, Span, Style, Table
from ops.preview.render.text import one_line

_JOINER = "\u2060"
_PUNCTUATION = re.compile(r"([\\`*_\[\]|~$])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
# @mention, #123, GH-123, addresses, :emoji:, and hexadecimal words (commits): GitHub acts on them wherever they stand
_AUTOLINK = re.compile(
    r"@(?=\w)|#(?=\d)|\bGH-(?=\d)|(?<=:)(?=//)|\bwww(?=\.)|:(?=[\w+-]+:)|\b[0-9a-f]{7}(?=[0-9a-f]*\b)", re.IGNORECASE
)
# What begins a list or a heading, and only at the start of a line.
_OPENING = re.compile(r"^(\d*)([.)+#-])")
_MARKS = {Style.GOOD: "✅", Style.BAD: "❌"}
_ALERTS = {"caution": "CAUTION", "warning": "WARNING", "note": "NOTE"}


def markdown(sections: Sequence[Section]) -> str:
    """The sections, with an empty line between blocks and one line break at the end."""
    return "\n\n".join(section_text(section) for section in sections) + "\n"


def section_text(section: Section) -> str:
    """One section, without a line break at the end."""
    heading = [f"### {escaped(section.title)}"] if section.title else []
    return "\n\n".join((*heading, *(_block(block) for block in section.blocks)))


def escaped(text: str) -> str:
    """A text that reads as itself and does nothing, on one line."""
    flat = _AUTOLINK.sub(lambda match: match[0] + _JOINER, one_line(text, 2000))
    flat = _PUNCTUATION.sub(r"\\\1", flat)
    return re.sub('[&<>"]', lambda match: _HTML[match[0]], flat)


def code_span(text: str) -> str:
    """A code span that `text` cannot end: its fence is longer than any run of backticks (CommonMark 6.1).

    A table's row is cut at `|` before spans are read, so that one is escaped even here (GFM, Tables).
    """
    flat = one_line(text).strip() or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    padded = f" {flat} " if flat.startswith("`") or flat.endswith("`") else flat
    return f"{fence}{padded}{fence}"


def _line(content: Line, *, cell: bool = False) -> str:
    return "".join(_span(span, cell=cell) for span in content)


def _opened(content: Line) -> str:
    """A line that may begin a block begins none."""
    return _OPENING.sub(r"\1\\\2", _line(content))


def _span(span: Span, *, cell: bool) -> str:
    if span.style is Style.CODE:
        text = code_span(span.text)
        return text.replace("|", "\\|") if cell else text
    if span.style in _MARKS:
        return _MARKS[span.style]
    text = escaped(span.text)
    if span.style is Style.STRONG and text.strip():
        text = f"**{text.strip()}**"
    return f"[{text}](<{span.url}>)" if span.url else text


def _block(block: Block) -> str:
    match block:
        case Paragraph(content=content):
            return _opened(content)
        case Bullets(items=items):
            return "\n".join(f"- {_opened(item)}" for item in items)
        case Table():
            return _table(block)
        case Fence():
            return _fence(block)
        case Details(summary=summary, blocks=blocks):
            inner = "\n\n".join(_block(inner) for inner in blocks)
            return f"<details><summary>{_summary(summary)}</summary>\n\n{inner}\n\n</details>"
        case Alert(kind=kind, blocks=blocks):
            inner = "\n\n".join(_block(inner) for inner in blocks)
            quoted = "\n".join(f"> {text}".rstrip() for text in inner.splitlines())
            return f"> [!{_ALERTS[kind]}]\n{quoted}"


def _summary(content: Line) -> str:
    """A summary is HTML, in which Markdown does not count."""
    parts = []
    for span in content:
        text = re.sub('[&<>"]', lambda match: _HTML[match[0]], one_line(span.text))
        text = _AUTOLINK.sub(lambda match: match[0] + _JOINER, text)
        tag = {Style.CODE: "code", Style.STRONG: "b"}.get(span.style)
        parts.append(f"<{tag}>{text}</{tag}>" if tag else text)
    return "".join(parts)


def _table(table: Table) -> str:
    rule = ("---:" if index in table.right else "---" for index in range(len(table.headers)))
    rows = [" | ".join(escaped(header) for header in table.headers), " | ".join(rule)]
    rows += [" | ".join(_line(cell, cell=True) or " " for cell in row) for row in table.rows]
    return "\n".join(f"| {row} |" for row in rows)


def _fence(fence: Fence) -> str:
    lines = [one_line(text, 1000) for text in fence.lines]
    longest = max((len(run) for text in lines for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return "\n".join((f"{ticks}{fence.language}", *lines, ticks))
