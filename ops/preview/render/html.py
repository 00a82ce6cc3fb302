"""The report as one page of its own: no script, nothing fetched, light and dark, wide and narrow."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from ops.preview.blocks import Alert, Block, Bullets, Details, Fence, Line, Paragraph, Section, Span, Style, Table
from ops.preview.render.text import one_line

# drawn by any font, unlike emoji
_MARKS = {Style.GOOD: "✓", Style.BAD: "✗"}
_STYLE = Path(__file__).with_name("page.css")


def html(title: str, sections: Sequence[Section]) -> str:
    """A whole document. Nothing may load or run in it, whatever a name holds (the policy says so too)."""
    body = "\n".join(_section(section) for section in sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(one_line(title))}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n"
        f"</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    heading = f"<h2>{escape(section.title)}</h2>\n" if section.title else ""
    return f"<section>\n{heading}" + "\n".join(_block(block) for block in section.blocks) + "\n</section>"


def _line(content: Line) -> str:
    return "".join(_span(span) for span in content)


def _span(span: Span) -> str:
    if span.style in _MARKS:
        return (
            f'<span class="{span.style.value}" role="img" aria-label="{escape(span.text)}">{_MARKS[span.style]}</span>'
        )
    text = escape(one_line(span.text, 2000 if span.style is not Style.CODE else 240))
    if span.style is Style.CODE:
        # a path may break after each of its parts, so that it fits a narrow screen
        text = f"<code>{text.replace('.', '.<wbr>').replace('-', '-<wbr>').replace('_', '_<wbr>')}</code>"
    elif span.style is Style.STRONG:
        text = f"<strong>{text}</strong>"
    return f'<a href="{escape(span.url)}">{text}</a>' if span.url else text


def _block(block: Block) -> str:
    match block:
        case Paragraph(content=content):
            return f"<p>{_line(content)}</p>"
        case Bullets(items=items):
            return "<ul>\n" + "\n".join(f"<li>{_line(item)}</li>" for item in items) + "\n</ul>"
        case Table():
            return _table(block)
        case Fence(lines=lines):
            return "<pre>" + "\n".join(escape(one_line(text, 1000)) for text in lines) + "</pre>"
        case Details(summary=summary, blocks=blocks):
            # whoever opens the page wants to see it all
            inner = "\n".join(_block(inner) for inner in blocks)
            return f"<details open>\n<summary>{_line(summary)}</summary>\n{inner}\n</details>"
        case Alert(kind=kind, blocks=blocks):
            inner = "\n".join(_block(inner) for inner in blocks)
            return f'<aside class="{escape(kind)}">\n{inner}\n</aside>'


def _table(table: Table) -> str:
    heads = "".join(f"<th{_align(table, i)}>{escape(text)}</th>" for i, text in enumerate(table.headers))
    rows = "\n".join("<tr>" + _cells(table, row) + "</tr>" for row in table.rows)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _cells(table: Table, row: Sequence[Line]) -> str:
    """Each cell names its column, for the narrow layout that has no heading row."""
    return "".join(
        f'<td{_align(table, index)} data-label="{escape(table.headers[index])}"><div>{_line(cell)}</div></td>'
        for index, cell in enumerate(row)
    )


def _align(table: Table, index: int) -> str:
    return ' class="number"' if index in table.right else ""
