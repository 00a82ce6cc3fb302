"""What AWS answers, as facts that are equal whenever the thing is: plain JSON, in an order of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def moment(value: Any) -> datetime | None:
    """An aware UTC time from what services give: datetimes, epoch milliseconds (logs), Lambda's ISO text, or None."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value / 1000, UTC)
    parsed = datetime.fromisoformat(str(value))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)


def settled(value: Any) -> Any:
    """JSON of a value: times as ISO 8601, bytes as hex, lists of objects and of text sorted (AWS promises no order)."""
    if isinstance(value, datetime):
        return moment(value).isoformat()  # type: ignore[union-attr]
    if isinstance(value, dict):
        return {str(key): settled(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return sorted((settled(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value.hex() if isinstance(value, bytes) else value


def chosen(answer: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The keys that are there, settled."""
    return {key: settled(answer[key]) for key in keys if answer.get(key) not in (None, "", [], {})}


def tags(rows: Iterable[Mapping[str, Any]] | Mapping[str, str] | None) -> dict[str, str]:
    """Tags from any of the forms that AWS has for them."""
    if rows is None:
        return {}
    if hasattr(rows, "items"):
        return dict(sorted(rows.items()))
    pairs = ((row.get("Key", row.get("TagKey", "")), row.get("Value", row.get("TagValue", ""))) for row in rows)
    return dict(sorted((str(key), str(value or "")) for key, value in pairs))
