"""Moments as sources write them: ISO 8601, epoch seconds or milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# 5138-11-16 in seconds, 1973-03-03 in milliseconds: what is greater counts milliseconds.
_SECONDS_BELOW = 100_000_000_000


def milliseconds(value: Mapping[str, Any] | None) -> int | None:
    """Epoch milliseconds of an attribute value; None where it says no moment."""
    ((kind, text),) = value.items() if value else (("NULL", True),)
    if kind not in {"S", "N"}:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _from_iso(str(text))
    if not number.is_finite() or abs(number) >= _SECONDS_BELOW * 1000:
        return None
    return int(number if abs(number) >= _SECONDS_BELOW else number * 1000)


def _from_iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole = at.replace(microsecond=0)
    return int(whole.timestamp()) * 1000 + at.microsecond // 1000
