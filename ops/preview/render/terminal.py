"""The report on a terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from ops.preview.blocks import Alert, Block, Bullets, Details, Fence, Line, Paragraph, Section, Style, Table
from ops.preview.render.text import one_line

_STYLES = {Style.PLAIN: "", Style.STRONG: "bold", Style.CODE: "cyan"}
_MARKS = {Style.GOOD: ("✓", "bold green"), Style.BAD: ("✗", "bold red")}
_BORDERS = {"caution": "red", "warning": "yellow", "note": "blue"}


def show(sections: Sequence[Section], console: Console) -> None:
    """Print the sections; rich's own markup is never read from them."""
    for section in sections:
        if section.title:
            console.print(Text(section.title, style="bold underline"))
        for block in section.blocks:
            console.print(_block(block))
        console.print()


def _text(content: Line) -> Text:
    return Text.assemble(
        *(_MARKS.get(span.style) or (one_line(span.text, 2000), _STYLES[span.style]) for span in content)
    )


def _block(block: Block) -> RenderableType:
    match block:
        case Paragraph(content=content):
            return _text(content)
        case Bullets(items=items):
            return Group(*(Padding(Text("• ") + _text(item), (0, 0, 0, 1)) for item in items))
        case Table():
            return _table(block)
        case Fence(lines=lines):
            return Padding(Text("\n".join(one_line(text, 1000) for text in lines), style="dim"), (0, 0, 0, 2))
        case Details(summary=summary, blocks=blocks):
            return Group(_text(summary), *(Padding(_block(inner), (0, 0, 0, 2)) for inner in blocks))
        case Alert(kind=kind, blocks=blocks):
            return Panel(Group(*(_block(inner) for inner in blocks)), border_style=_BORDERS[kind], box=box.HEAVY)


def _table(table: Table) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, header in enumerate(table.headers):
        grid.add_column(header, justify="right" if index in table.right else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*(_text(cell) for cell in row))
    return grid
