"""Latency and quotas of the stand-in, set on `/_localcloud/bedrock` and kept in memory."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from http import HTTPStatus
from typing import Any

PAGE = "bedrock"
_MOST = {"first_token_ms": 120_000, "token_ms": 1000}


@dataclass(frozen=True)
class Settings:
    """Milliseconds; quotas are per model and region, None where there is none."""

    first_token_ms: float = 0
    token_ms: float = 0
    tokens_per_minute: int | None = None
    requests_per_minute: int | None = None


class Control:
    """The settings and their page. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = Settings()

    def answer(self, method: str, body: bytes) -> tuple[HTTPStatus, dict[str, Any]]:
        """The page's answer."""
        if method == "POST":
            try:
                given = json.loads(body or b"{}")
                with self._lock:
                    self.now = _changed(self.now, given)
            except ValueError as error:
                return HTTPStatus.BAD_REQUEST, {"message": str(error)}
        elif method != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, {"message": "this page takes GET, POST"}
        return HTTPStatus.OK, asdict(self.now)


def _changed(now: Settings, given: Any) -> Settings:
    known = {field.name for field in fields(Settings)}
    if not isinstance(given, Mapping) or not given.keys() <= known:
        raise ValueError(f"a JSON object of {', '.join(sorted(known))}")
    for name, value in given.items():
        quota = name.endswith("_per_minute")
        number = isinstance(value, int if quota else int | float) and not isinstance(value, bool)
        if not (quota and value is None) and not (number and 0 <= value <= _MOST.get(name, value)):
            raise ValueError(f"{name} is a number of 0 to {_MOST.get(name, 'any')}" + (" or null" if quota else ""))
    return replace(now, **given)
