"""Reads DynamoDB's answers without taking every attribute value apart: half of what a list's request cost in CPU.

On the wire an attribute value is `{"S": "…"}` and what botocore makes of it is the same, after looking for all ten
members of the shape in every one of a page's values (25 products: 450). Only binary values differ, which are base64
on the wire: those, wherever they are nested, botocore reads as ever.
"""

from __future__ import annotations

from typing import Any

from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory

_SHAPE = "AttributeValue"
_PLAIN = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})


class _Parser(JSONParser):
    def _handle_structure(self, shape: Any, value: Any) -> Any:
        if shape.name == _SHAPE and is_plain(value):
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc] # botocore's own hook, without a stub


class Parsers(ResponseParserFactory):
    """A session's component `response_parser_factory`."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """As botocore's, but for the protocol of DynamoDB; other services of it have no such shape."""
        if protocol_name != "json":
            return super().create_parser(protocol_name)
        return _Parser(**self._defaults)  # type: ignore[attr-defined] # as the method that it replaces


def is_plain(value: Any) -> bool:
    """Whether an attribute value on the wire is what a caller of botocore gets."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return all(map(is_plain, content.values()))
        case "L":
            return all(map(is_plain, content))
        case _:
            return kind in _PLAIN
