"""Values of a source as values of the target: what cannot be made without guessing is refused with the reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from omnix.migration.checksum import number
from omnix.migration.mapping import Type
from omnix.migration.times import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HEX = re.compile(r"[0-9a-f]{32}")
_SHOWN = 60
_EXACT = Context(prec=38, traps=[Inexact, InvalidOperation])
_TRUE, _FALSE = frozenset({"true", "yes", "1", "y"}), frozenset({"false", "no", "0", "n"})


class ValueRefusedError(Exception):
    """A value that is not what the mapping says."""


def plain(value: Mapping[str, Any]) -> Any:
    """An attribute value as Python: int where it is one, else Decimal; sets are sorted lists, binary is base64."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return _number(content)
        case "NULL":
            return None
        case "L":
            return [plain(part) for part in content]
        case "M":
            return {name: plain(part) for name, part in content.items()}
        case "SS" | "BS" | "NS":
            return sorted(map(_number, content) if kind == "NS" else content)
        case _:
            return content


def wire(value: Any) -> dict[str, Any]:
    """Python as an attribute value. Raises TypeError for what DynamoDB has no type for."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | Decimal() | float():
            return {"N": number(str(value))}
        case str():
            return {"S": value}
        case list() | tuple():
            return {"L": [wire(part) for part in value]}
        case dict():
            return {"M": {str(name): wire(part) for name, part in value.items()}}
        case _:
            raise TypeError(f"{type(value).__name__} is not stored")


def _number(text: str) -> int | Decimal:
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else value


def converted(value: Any, kind: Type, digits: int) -> Any:
    """A plain value as `kind`. Raises ValueRefusedError."""
    try:
        return value if kind is Type.ANY else _KINDS[kind](value, digits)
    except (ValueError, TypeError, ArithmeticError):
        raise ValueRefusedError(f"{_shown(value)} is no {kind.value}") from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _string(value: Any, _: int) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError
    return value if isinstance(value, str) else number(str(value))


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError
    found = Decimal(value.strip() if isinstance(value, str) else value)
    if not found.is_finite():
        raise ValueError
    return found


def _integer(value: Any, _: int) -> int:
    found = _decimal(value)
    if found != found.to_integral_value():
        raise ValueError
    return int(found)


def _any_number(value: Any, _: int) -> int | Decimal:
    return _number(str(_decimal(value)))


def _boolean(value: Any, _: int) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError


def _money(value: Any, digits: int) -> int:
    """No rounding: a third of a cent is a defect of the source."""
    return _integer(_EXACT.scaleb(_decimal(value), digits), 0)


def _milliseconds(value: Any) -> int:
    found = milliseconds(wire(value))
    if found is None:
        raise ValueError
    return found


def _time(value: Any, _: int) -> str:
    whole, rest = divmod(_milliseconds(value), 1000)
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03}Z"


def _epoch(value: Any, _: int) -> int:
    return _milliseconds(value) // 1000


def _id(value: Any, _: int) -> str:
    text = _string(value, 0)
    if not text:
        raise ValueError
    digits = text.lower().replace("-", "")
    return (
        digits
        if _HEX.fullmatch(digits)
        else blake2b(text.encode(), digest_size=16, person=b"omnix-migration").hexdigest()
    )


def _lower(value: Any, _: int) -> str:
    return _string(value, 0).strip().lower()


def _slug(value: Any, _: int) -> str:
    found = re.sub(r"[^a-z0-9]+", "-", _lower(value, 0)).strip("-")
    if not found:
        raise ValueError
    return found


def _list(value: Any, _: int) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


_KINDS: dict[Type, Callable[[Any, int], Any]] = {
    Type.STRING: _string,
    Type.INTEGER: _integer,
    Type.NUMBER: _any_number,
    Type.BOOLEAN: _boolean,
    Type.MONEY: _money,
    Type.TIME: _time,
    Type.EPOCH: _epoch,
    Type.ID: _id,
    Type.LOWER: _lower,
    Type.UPPER: lambda value, _: _string(value, 0).strip().upper(),
    Type.SLUG: _slug,
    Type.LIST: _list,
}
