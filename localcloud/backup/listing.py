"""Pages of a list, and the filters that AWS Backup's lists share."""

import base64
import binascii
import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.backup.refused import wrong_value
from localcloud.backup.state import Document

_MOST = 1000


def page(rows: Iterable[Document], parameters: Mapping[str, Any], name: str) -> Document:
    """`{name: rows}` of one page, newest first, with `NextToken` where there are more."""
    found = list(rows)[::-1]
    size = int(parameters.get("MaxResults") or _MOST)
    if not 1 <= size <= _MOST:
        raise wrong_value(f"MaxResults must be between 1 and {_MOST}.")
    start = _start(parameters.get("NextToken"))
    answer: Document = {name: found[start : start + size]}
    if start + size < len(found):
        answer["NextToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return answer


def _start(token: Any) -> int:
    try:
        return int(base64.urlsafe_b64decode(str(token))) if token else 0
    except (binascii.Error, ValueError) as error:
        raise wrong_value("Invalid NextToken.") from error


def chosen(rows: Iterable[Document], parameters: Mapping[str, Any], fields: Mapping[str, str]) -> list[Document]:
    """Rows that meet the `By…` parameters given; `fields`: the row's member by parameter."""
    asked = {name: field for name, field in fields.items() if parameters.get(name) not in (None, "")}
    return [row for row in rows if all(_meets(name, row.get(field), parameters[name]) for name, field in asked.items())]


def _meets(name: str, value: Any, wanted: Any) -> bool:
    if name.endswith(("Before", "After")):
        if value is None:
            return False
        moment = time(wanted)
        return bool(value < moment if name.endswith("Before") else value > moment)
    return wanted in ("*", value)


def time(value: Any) -> datetime.datetime:
    """A time as the request's parser leaves it: a datetime with or without zone, or seconds."""
    if isinstance(value, int | float):
        return datetime.datetime.fromtimestamp(value, datetime.UTC)
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    return value.astimezone(datetime.UTC) if value.tzinfo else value.replace(tzinfo=datetime.UTC)  # type: ignore[no-any-return]
