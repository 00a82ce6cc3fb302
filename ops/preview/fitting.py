"""Cuts a report to the length that a comment may have: whole rows and whole sections, lightest first, and says so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ops.preview.blocks import Alert, Paragraph, Section, Span, kept, line, size, strong

_BETWEEN = "\n\n"
_TOO_LONG = "The report is too long for a comment; see the workflow's artefact."


@dataclass(frozen=True)
class Fitting:
    """How a report is cut: `render` makes one section's text, `limit` is in UTF-8 bytes, `head` comes first.

    `elsewhere` says where the whole report is, and `url` links to it.
    """

    render: Callable[[Section], str]
    limit: int
    elsewhere: str
    url: str | None = None
    head: str = ""

    def fitted(self, sections: Sequence[Section]) -> str:
        """The sections within the limit. The first, the verdict, is never left out, only shortened."""
        texts = [self.render(section) for section in sections]
        if self._length(texts) <= self.limit:
            return self._joined(texts)
        cut: dict[int, str] = {}
        for index in sorted(range(len(texts)), key=lambda index: (sections[index].weight, -index)):
            if self._cut(sections[index], index, texts, cut):
                return self._joined(self._noted(texts, cut))
        return self._last_resort(texts)

    def _cut(self, section: Section, index: int, texts: list[str], cut: dict[int, str]) -> bool:
        """Leave out as few rows of a section as will do, or all; says whether the whole fits then."""

        def shortened(rows: int) -> bool:
            texts[index], cut[index] = self.render(_first(section, rows)), _words(section, rows)
            return self._length(self._noted(texts, cut)) <= self.limit

        if not shortened(0):
            return False
        low, high = 0, _rows(section)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if shortened(middle) else (low, middle)
        return shortened(low)

    def _noted(self, texts: Sequence[str], cut: Mapping[int, str]) -> list[str]:
        """The note comes right after the verdict: nobody may take a cut report for the whole one."""
        left_out = "; ".join(words for _, words in sorted(cut.items()))
        place = Span(self.elsewhere, url=self.url)
        words = Paragraph(line(strong("Cut to fit a comment."), f" Left out: {left_out}. Whole: ", place))
        return [texts[0], self.render(Section("", 0, (Alert("note", (words,)),))), *texts[1:]]

    def _joined(self, texts: Sequence[str]) -> str:
        return self.head + _BETWEEN.join(texts) + "\n"

    def _length(self, texts: Sequence[str]) -> int:
        between = len(_BETWEEN) * (len(texts) - 1) + len("\n")
        return len(self.head.encode()) + sum(len(text.encode()) for text in texts) + between

    def _last_resort(self, texts: Sequence[str]) -> str:
        """Even the bare headings are too long: the verdict's first whole lines."""
        ending = f"\n\n{_TOO_LONG}\n"
        length = len((self.head + ending).encode())
        lines: list[str] = []
        for part in texts[0].splitlines():
            length += len(part.encode()) + 1
            if length > self.limit:
                break
            lines.append(part)
        return self.head + "\n".join(lines) + ending


def _rows(section: Section) -> int:
    return sum(size(block) for block in section.blocks)


def _first(section: Section, rows: int) -> Section:
    """The section with its first `rows` rows, and a line that says how many are left out."""
    left = _rows(section) - rows
    if not rows and section.title:
        return replace(section, blocks=(Paragraph(line(f"Left out: all {left} rows.")),))
    return replace(section, blocks=(*kept(section.blocks, rows), Paragraph(line(f"{left} more rows left out."))))


def _words(section: Section, rows: int) -> str:
    return f"{section.title or 'the summary'} ({_rows(section) - rows} of {_rows(section)} rows)"
