"""Items as they may be shown: secrets and personal data masked, everything else as it is.

`⟨60 characters, #a1b2c3⟩`: its type is the attribute's own, its length is kept, and equal values have equal marks, so
that a reviewer sees that what arrives is what left. The mark is a digest under a key that is made anew for each command
and forgotten: nothing can be looked up by it, and two outputs cannot be compared.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.migrate.repeated import Repeats
from ops.migrate.sensitive import named, pieces, united

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from omnix.migration.wire import Item

_MARK_DIGITS = 6
_KEY_BYTES = 32
# Whatever stands in quotes is looked into as well: it may be JSON in JSON.
_JSON = re.compile(r"[\s\ufeff\"'\\]*[{\[]")
_UNREADABLE = object()


@dataclass(frozen=True)
class Masking:
    """One command's: its marks can be compared with one another."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_BYTES), repr=False)

    def over(self, items: Iterable[Item]) -> Masked:
        """What belongs together, as an item and what it becomes: what one of them hides stays hidden in all."""
        hidden = {text for item in items for name, value in item.items() for text in _hidden(value, named(name))}
        return Masked(self.key, Repeats(hidden))

    def verification(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A verification's document, the keys and sources of its problems masked."""
        return {**document, "problems": [self._problem(one) for one in document["problems"]]}

    def _problem(self, problem: Mapping[str, Any]) -> dict[str, Any]:
        table, space, text = problem["source"].partition(" ")
        key = _key(text)
        masked = self.over([key])
        source: dict[str, Any] = {part: list(*value.items()) for part, value in masked.item(key).items()}
        said = f"{table} {json.dumps(source, ensure_ascii=False)}" if key else masked.text(f"{table}{space}{text}")
        return {**problem, "source": said, "key": masked.text(problem["key"]), "detail": masked.text(problem["detail"])}


@dataclass(frozen=True)
class Masked:
    """Shows items and texts without what was hidden elsewhere and what shapes find. No text makes it fail."""

    key: bytes = field(repr=False)
    hidden: Repeats

    def item(self, item: Item) -> Item:
        """An item in DynamoDB's JSON, as one."""
        return {self.text(name): self._value(value, hide=named(name)) for name, value in item.items()}

    def text(self, text: str) -> str:
        """A text with the pieces masked that were hidden elsewhere or look like it."""
        return _writable(self._pieces(text))

    def _pieces(self, text: str) -> str:
        shown, reached = [], 0
        for start, end in united(pieces(text) + self.hidden.spans(text)):
            shown += [text[reached:start], self._whole(text[start:end], "characters")]
            reached = end
        return "".join([*shown, text[reached:]])

    def _value(self, value: Mapping[str, Any], *, hide: bool) -> dict[str, Any]:
        ((kind, content),) = value.items()
        return {kind: self._content(kind, content, hide=hide)}

    def _content(self, kind: str, content: Any, *, hide: bool) -> Any:
        match kind:
            case "S" | "N":
                return self._scalar(kind, content, hide=hide)
            case "B":
                return self._binary(content)
            case "SS" | "NS" | "BS":
                return [self._content(kind[0], one, hide=hide) for one in content]
            case "L":
                return [self._value(one, hide=hide) for one in content]
            case "M":
                return {self.text(name): self._value(one, hide=hide or named(name)) for name, one in content.items()}
            case _:
                return content  # null and the two truths tell nothing of anybody

    def _scalar(self, kind: str, content: str, *, hide: bool) -> str:
        if hide:
            return self._whole(content, "digits" if kind == "N" else "characters")
        return _writable(self._looked_into(content))

    def _looked_into(self, text: str) -> str:
        """A text, or the document that somebody stored as one; whole what nobody can read the names in."""
        document = _document(text)
        if document is None:
            return self._pieces(text)
        if document is _UNREADABLE:
            return self._whole(text, "characters")
        try:
            return json.dumps(self._plain(document, hide=False), ensure_ascii=False)
        except RecursionError:
            return self._whole(text, "characters")

    def _plain(self, node: Any, *, hide: bool) -> Any:
        if isinstance(node, dict):
            return {self._pieces(name): self._plain(one, hide=hide or named(name)) for name, one in node.items()}
        if isinstance(node, list):
            return [self._plain(one, hide=hide) for one in node]
        if isinstance(node, bool) or node is None:
            return node
        if hide:
            return self._whole(str(node), "characters" if isinstance(node, str) else "digits")
        if isinstance(node, str):
            return self._looked_into(node)
        shown = self._pieces(str(node))
        return node if shown == str(node) else shown

    def _binary(self, content: bytes | str) -> str:
        """Nobody reads it, and anything may be in it."""
        spelled = content if isinstance(content, str) else content.hex()
        return self._whole(spelled, "characters of binary")

    def _whole(self, text: str, unit: str) -> str:
        if not text:
            return text
        return f"⟨{len(text)} {unit}, #{self._mark(text)}⟩"

    def _mark(self, text: str) -> str:
        return hmac.digest(self.key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:_MARK_DIGITS]


def _document(text: str) -> Any:
    """What is written in a text that begins as JSON does; None for any other text, `_UNREADABLE` where it is cut short.

    A document may be written in a text in a document, and again.
    """
    if not _JSON.match(text):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _UNREADABLE


def _writable(text: str) -> str:
    """Half a surrogate pair, which UTF-8 cannot write, as JSON and Python spell it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _hidden(value: Mapping[str, Any], hide: bool) -> Iterator[str]:
    """The texts and numbers that are masked for their names."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            yield from _hidden_in_text(content, hide)
        case "N" if hide:
            yield content
        case "SS":
            for one in content:
                yield from _hidden_in_text(one, hide)
        case "NS" if hide:
            yield from content
        case "L":
            for one in content:
                yield from _hidden(one, hide)
        case "M":
            for name, one in content.items():
                yield from _hidden(one, hide or named(name))


def _hidden_in_text(text: str, hide: bool) -> Iterator[str]:
    document = _document(text)
    if hide or document is _UNREADABLE:
        yield text
    try:
        yield from _hidden_in(document, hide)
    except RecursionError:
        yield text


def _hidden_in(node: Any, hide: bool) -> Iterator[str]:
    if isinstance(node, dict):
        for name, one in node.items():
            yield from _hidden_in(one, hide or named(name))
    elif isinstance(node, list):
        for one in node:
            yield from _hidden_in(one, hide)
    elif isinstance(node, str):
        yield from _hidden_in_text(node, hide)
    elif hide and isinstance(node, int | float) and not isinstance(node, bool):
        yield str(node)


def _key(text: str) -> Item:
    """The key in a source item's name (`omnix.migration.record.source_name`); empty where there is none."""
    try:
        return {part: {kind: value} for part, (kind, value) in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
