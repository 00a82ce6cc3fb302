"""A request's body, read so that nothing a caller sends can be a 500: size, encoding, media type, JSON."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from omnix.errors import InvalidJsonError, InvalidRequestError, PayloadTooLargeError, UnsupportedMediaTypeError

LIMIT_BYTES = 1024 * 1024
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def header(event: Mapping[str, Any], name: str) -> str | None:
    """A header of a REST proxy event, by its name in lower case."""
    for key, value in (event.get("headers") or {}).items():
        if key.lower() == name:
            return str(value)
    return None


def checked(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with a body that is the text of one JSON object; raises the ApiError that says what is wrong."""
    method = str(event.get("httpMethod", "")).upper()
    text = _text(event)
    if method not in _METHODS_WITH_BODY:
        return {**event, "body": None, "isBase64Encoded": False}
    declared = header(event, "content-type")
    if text and declared and declared.split(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaTypeError("Send the body as application/json.")
    parsed = parse(text)
    if not isinstance(parsed, dict):
        raise InvalidRequestError("The body must be a JSON object.")
    # What passed is JSON whatever the header said in whatever case; Powertools compares it literally.
    headers = {key: value for key, value in (event.get("headers") or {}).items() if key.lower() != "content-type"}
    headers["content-type"] = "application/json"
    return {**event, "headers": headers, "body": text, "isBase64Encoded": False}


def parse(text: str) -> object:
    """JSON as RFC 8259 has it: no NaN, no lone surrogates, no number too long to read; raises InvalidJsonError."""
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:
            json.dumps(parsed, ensure_ascii=False).encode()
    except ValueError as error:  # JSONDecodeError, UnicodeEncodeError and too many digits among them
        place = [{"location": f"body.{error.pos}"}] if isinstance(error, json.JSONDecodeError) else []
        raise InvalidJsonError("The body is not valid JSON.", place) from None
    except RecursionError:
        raise InvalidJsonError("The body is nested too deeply.") from None
    return parsed


def _text(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    declared = header(event, "content-length")
    # The limit holds before anything is decoded: base64 is a third longer than what it carries.
    longest = LIMIT_BYTES * 4 // 3 + 4 if event.get("isBase64Encoded") else LIMIT_BYTES
    if len(body) > longest or (declared and declared.isdecimal() and int(declared[:12]) > LIMIT_BYTES):
        raise PayloadTooLargeError("The body may have 1 MB at most.")
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > LIMIT_BYTES:
            raise PayloadTooLargeError("The body may have 1 MB at most.")
        return raw.decode()
    except (UnicodeError, binascii.Error):
        raise InvalidJsonError("The body is not UTF-8 text.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
