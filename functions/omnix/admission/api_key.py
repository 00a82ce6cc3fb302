"""API keys of tenants: opaque, recognisable, shown once, remembered as a hash.

A key is `omx_` + id (32 hex digits) + `_` + secret (43 characters, 256 bits) + checksum (8 hex digits). Id and
checksum follow GitHub's design ("Behind GitHub's new authentication token formats"): a scanner of leaked secrets knows
a key when it sees one, and a mistyped key costs no read. The secret is random, not chosen, so one SHA-256 is enough: it
cannot be guessed, however fast the hash. The platform's own key (`API_KEY_1`) has no id and does not read as one.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from omnix.admission.policy import API_KEY_PREFIX

_FORM = re.compile(
    rf"{API_KEY_PREFIX}(?P<id>[0-9a-f]{{32}})_(?P<secret>[A-Za-z0-9_-]{{43}})(?P<checksum>[0-9a-f]{{8}})"
)
_KEY_ID = re.compile(r"[0-9a-f]{32}")
_RANDOM_BYTES = 10


@dataclass(frozen=True)
class ApiKey:
    """A key taken apart."""

    key_id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The key as its owner gets it, once."""
        body = f"{self.key_id}_{self.secret}"
        return f"{API_KEY_PREFIX}{body}{_checksum(body)}"

    def stored(self) -> str:
        """The hash under which the key is remembered."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def matches(self, stored: str) -> bool:
        """Whether the hash is this key's, in constant time."""
        return hmac.compare_digest(self.stored(), stored)


def new(now: int) -> ApiKey:
    """A new key; ids sort by the epoch milliseconds `now` at which they were made (48 bits, then 80 random ones)."""
    return ApiKey(f"{now:012x}{secrets.token_hex(_RANDOM_BYTES)}", secrets.token_urlsafe(32))


def read(text: str) -> ApiKey | None:
    """The key, when the text has the form and the checksum of one."""
    found = _FORM.fullmatch(text)
    if found is None or found["checksum"] != _checksum(f"{found['id']}_{found['secret']}"):
        return None
    return ApiKey(found["id"], found["secret"])


def is_id(text: str) -> bool:
    """Whether the text can be a key's id."""
    return _KEY_ID.fullmatch(text) is not None


def _checksum(body: str) -> str:
    return f"{binascii.crc32(body.encode()):08x}"
