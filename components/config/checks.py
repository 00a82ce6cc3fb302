"""Checks of single values. Each returns what it was given or raises `ValueError`."""

import re

_HOSTNAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_ORIGIN = re.compile(r"(https?)://([^/:?#@]+)(?::(\d{1,5}))?\Z")
_EMAIL = re.compile(r"[^@\s,;]{1,64}@([^@\s,;]+)\Z")
_TAG = re.compile(r"[\w .:/=+\-@]{1,256}\Z")
# Since July 2026 a new or renamed repository's subject names the ids too: OWNER@ID/NAME@ID.
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?\Z")
_PORTS = range(1, 65536)


def hostname(value: str | None) -> str | None:
    """A lower-case DNS name (RFC 1123), without scheme, port or path."""
    if value is not None and (not _HOSTNAME.match(value) or "." not in value):
        raise ValueError("not a host name: lower-case labels joined by dots, no scheme, port or path")
    return value


def exact_origin(value: str) -> str:
    """An origin as a browser sends it (RFC 6454): `scheme://host[:port]`, or `*`, which `rules` judges."""
    if value == "*":
        return value
    match = _ORIGIN.match(value)
    if match is None or not _HOSTNAME.match(match[2]) or (match[3] and int(match[3]) not in _PORTS):
        raise ValueError("not an exact origin: scheme://host[:port], lower case, no path, no trailing slash")
    return value


def email_address(value: str) -> str:
    """One address that SNS can mail (local@host)."""
    match = _EMAIL.match(value)
    if match is None or "." not in match[1]:
        raise ValueError("not an e-mail address")
    return value


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """No value twice: each becomes a resource of its own."""
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"listed more than once: {', '.join(twice)}")
    return values


def tag_value(value: str) -> str:
    """A tag value: 1 to 256 letters, digits, spaces and `_ . : / = + - @` (AWS tagging rules)."""
    if not _TAG.match(value) or value != value.strip():
        raise ValueError("not a tag value: 1 to 256 letters, digits, spaces and _.:/=+-@")
    return value


def github_repository(value: str) -> str:
    """`owner/name`, or `owner@id/name@id` where GitHub's tokens carry the immutable ids; exactly one repository."""
    match = _REPOSITORY.match(value)
    if match is None or (match[1] is None) != (match[2] is None):
        raise ValueError("not one GitHub repository: no wildcard, no address, both ids or none")
    return value
