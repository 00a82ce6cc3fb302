"""Makes requests and answers fit to print: no password, token or key leaves the suite in a report."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "[redacted]"
_LONGEST = 800
_HEADERS = frozenset({"authorization", "x-api-key", "cookie", "set-cookie", "proxy-authorization"})
_FIELD = re.compile(r"password|token|secret|api_?key|authorization|credential", re.IGNORECASE)
# JWTs (three base64url parts; the signature is empty for alg=none), platform API keys, bearer credentials.
_VALUE = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\bomx_[\w-]+|(?<=Bearer )\S+|(?<=\"password\":\")[^\"]*", re.IGNORECASE)


def redacted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with every credential masked."""
    return {k: MASK if k.lower() in _HEADERS else redacted_text(v) for k, v in headers.items()}


def redacted_body(text: str) -> str:
    """A body with secret fields masked, at most 800 characters (masking comes first: no half secret stays)."""
    try:
        document = json.loads(text)
    except ValueError:
        masked = redacted_text(text)
    else:
        masked = redacted_text(json.dumps(_masked(document), ensure_ascii=False))
    return masked if len(masked) <= _LONGEST else f"{masked[:_LONGEST]}… ({len(masked)} characters)"


def redacted_text(text: str) -> str:
    """Any text with what looks like a credential masked."""
    return _VALUE.sub(MASK, text)


def _masked(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _masked_field(k, v) for k, v in node.items()}
    if isinstance(node, list):
        return [_masked(item) for item in node]
    return node


def _masked_field(name: str, value: Any) -> Any:
    if _FIELD.search(name) and isinstance(value, str):
        return MASK
    return _masked(value)
