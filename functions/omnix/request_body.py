"""A request's body, read so that nothing a caller sends can be a 500: size, encoding, media type, JSON.

Imports alone take something else than JSON: lines of text, which `omnix.bulk.lines` reads.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from omnix.errors import InvalidJsonError, InvalidRequestError, PayloadTooLargeError, UnsupportedMediaTypeError

LIMIT_BYTES = 1024 * 1024
# Imports take lines of text; every other body is JSON.
TEXT_PATHS = frozenset({"/products/import", "/inventory/import"})
TEXT_TYPES = frozenset({"text/csv", "application/x-ndjson"})
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_JSON = frozenset({"application/json"})
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
# An API without binary media types is given text: API Gateway has put this in the place of what is no UTF-8.
_REPLACEMENT = "\ufffd"
_LARGEST_EXACT_FLOAT = 2**53


def header(event: Mapping[str, Any], name: str) -> str | None:
    """A header of a REST proxy event, by its name in lower case."""
    for key, value in (event.get("headers") or {}).items():
        if key.lower() == name:
            return str(value)
    return None


def checked(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with a body that is the text of one JSON object, or an import's lines; raises the ApiError that says
    what is wrong.
    """
    method = str(event.get("httpMethod", "")).upper()
    if method not in _METHODS_WITH_BODY:  # whatever came with it means nothing (RFC 9110, 9.3.1)
        return {**event, "body": None, "isBase64Encoded": False}
    text = _text(event)
    lines = method == "POST" and str(event.get("path", "")).rstrip("/") in TEXT_PATHS
    media_type = _media_type(event, TEXT_TYPES if lines else _JSON) if text or lines else "application/json"
    if _REPLACEMENT in text:
        raise _not_utf8()
    if lines:
        return _with(event, text, media_type)
    parsed = parse(text)
    if not isinstance(parsed, dict):
        raise InvalidRequestError("The body must be a JSON object.")
    return _with(event, text, media_type)


def _with(event: Mapping[str, Any], text: str, media_type: str) -> dict[str, Any]:
    """What passed is of this type whatever the header said in whatever case; Powertools compares it literally."""
    headers = {key: value for key, value in (event.get("headers") or {}).items() if key.lower() != "content-type"}
    headers["content-type"] = media_type
    return {**event, "headers": headers, "body": text, "isBase64Encoded": False}


def parse(text: str) -> object:
    """JSON as RFC 8259 has it: no NaN, no lone surrogates, no number too long to read; raises InvalidJsonError.

    `5.0` is the integer 5, as in JSON Schema: writers differ in how they spell one.
    """
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant, parse_float=_number)
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
        raise _not_utf8() from None


def _media_type(event: Mapping[str, Any], taken: frozenset[str]) -> str:
    """The body's type, one of `taken`; what says nothing is JSON."""
    declared, _, parameters = (header(event, "content-type") or "application/json").partition(";")
    media_type = declared.strip().lower()
    if media_type not in taken:
        raise UnsupportedMediaTypeError(f"Send the body as {' or '.join(sorted(taken))}.")
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in _CHARSETS:
            raise UnsupportedMediaTypeError("Send the body in UTF-8.")
    if (header(event, "content-encoding") or "identity").strip().lower() != "identity":
        raise UnsupportedMediaTypeError("Send the body without a content encoding.")
    return media_type


def _not_utf8() -> InvalidJsonError:
    return InvalidJsonError("The body is not UTF-8 text.")


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= _LARGEST_EXACT_FLOAT else number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
