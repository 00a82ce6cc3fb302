"""Cuts a report to the length that a comment may have: whole rows and whole sections, lightest first, and says so."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ops.preview.blocks import Alert, Paragraph, Section, Span, kept, line, size, strong

type Render = Callable[[Sequence[Section]], str]


def fitted(sections: Sequence[Section], render: Render, limit: int, elsewhere: str, url: str | None = None) -> str:
    """The rendered sections within `limit` bytes.

    `elsewhere` says where the whole report is. The first section, the verdict, is never left out, only shortened.
    """
    text = render(sections)
    if _length(text) <= limit:
        return text
    current = list(sections)
    cut: dict[int, str] = {}
    order = sorted(range(len(current)), key=lambda index: (current[index].weight, -index))
    for index in order:
        whole = sections[index]
        for rows in _fewer(size_of(whole)):
            current[index] = _shortened(whole, rows)
            cut[index] = _words(whole, rows)
            if _length(render(_with_note(current, cut, elsewhere, url))) <= limit:
                best = _most(current, index, whole, rows, cut, render, limit, elsewhere, url)
                return render(_with_note(best, cut, elsewhere, url))
    return _last_resort(text, limit)


def size_of(section: Section) -> int:
    """The rows of a section."""
    return sum(size(block) for block in section.blocks)


def _fewer(rows: int) -> list[int]:
    """Ever fewer rows: halves, then none."""
    found = []
    while rows > 1:
        rows //= 2
        found.append(rows)
    return [*found, 0]


def _most(
    current: list[Section],
    index: int,
    whole: Section,
    fits: int,
    cut: dict[int, str],
    render: Render,
    limit: int,
    elsewhere: str,
    url: str | None,
) -> list[Section]:
    """The most rows of section `index` that still fit, given that `fits` do."""
    low, high = fits, min(size_of(whole), fits * 2 + 1)
    while high - low > 1:
        middle = (low + high) // 2
        current[index], cut[index] = _shortened(whole, middle), _words(whole, middle)
        if _length(render(_with_note(current, cut, elsewhere, url))) <= limit:
            low = middle
        else:
            high = middle
    current[index], cut[index] = _shortened(whole, low), _words(whole, low)
    return current


def _shortened(section: Section, rows: int) -> Section:
    left = size_of(section) - rows
    if not rows and section.title:
        return replace(section, blocks=(Paragraph(line(f"Left out: all {left} rows.")),))
    return replace(section, blocks=(*kept(section.blocks, rows), Paragraph(line(f"{left} more rows left out."))))


def _words(section: Section, rows: int) -> str:
    return f"{section.title or 'the summary'} ({size_of(section) - rows} of {size_of(section)} rows)"


def _with_note(sections: Sequence[Section], cut: dict[int, str], elsewhere: str, url: str | None) -> list[Section]:
    """The note comes right after the verdict: nobody may take a cut report for the whole one."""
    left_out = "; ".join(words for index, words in sorted(cut.items()))
    place = Span(elsewhere, url=url)
    note = Alert("note", (Paragraph(line(strong("Cut to fit a comment."), f" Left out: {left_out}. Whole: ", place)),))
    return [sections[0], Section("", 0, (note,)), *sections[1:]]


def _last_resort(text: str, limit: int) -> str:
    """Even the verdict is too long: its first whole lines."""
    ending = "\n\nThe report is too long for a comment; see the workflow's artefact.\n"
    lines: list[str] = []
    length = _length(ending)
    for part in text.splitlines():
        length += _length(part) + 1
        if length > limit:
            break
        lines.append(part)
    return "\n".join(lines) + ending


def _length(text: str) -> int:
    return len(text.encode())
