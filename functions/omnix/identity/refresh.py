"""Refresh tokens: opaque, random, one use each, stored as a keyed hash, grouped in a family for each sign-in.

A token is `omr_` + base64url of family (16 bytes), generation (4), secret (32) and a tag (16): the HMAC of what stands
before, so that a forged token costs no read and writes nothing. The family's record holds the HMAC of its one valid
token. Refreshing claims the generation with one conditional write and only then answers.

Concurrent refreshes must not fork a family. The winner of the claim stores a random nonce, and the next token is
derived from it and the token presented; whoever presents the same token within the grace derives the same successor.
Neither the table nor the key alone is enough to make a token. A used token after the grace, or two generations
old, is a theft: the family goes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass

PREFIX = "omr_"
LIFETIME_SECONDS = 30 * 24 * 3600
GRACE_MILLISECONDS = 20_000

_SECRET_BYTES = 32
_TAG_BYTES = 16
_BODY_BYTES = 16 + 4 + _SECRET_BYTES


@dataclass(frozen=True)
class RefreshToken:
    """A token taken apart."""

    family_id: str
    generation: int
    secret: bytes

    def body(self) -> bytes:
        """Everything but the tag."""
        return uuid.UUID(self.family_id).bytes + self.generation.to_bytes(4) + self.secret

    def text(self, key: bytes) -> str:
        """The token as its owner gets it."""
        raw = self.body() + _mac(key, b"tag", self.body())[:_TAG_BYTES]
        return PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def stored(self, key: bytes) -> str:
        """The keyed hash under which a family remembers the token."""
        return _mac(key, b"stored", self.body()).hex()

    def successor(self, key: bytes, nonce: str) -> RefreshToken:
        """The token of the next generation, the same for everyone who holds this one, the key and the nonce."""
        secret = _mac(key, b"next", bytes.fromhex(nonce) + self.body())
        return RefreshToken(self.family_id, self.generation + 1, secret)


@dataclass(frozen=True)
class Rotation:
    """A generation that was used: how its successor was made, and when (epoch milliseconds)."""

    generation: int
    nonce: str
    key_id: str
    at: int

    def recent(self, now: int) -> bool:
        """Whether the predecessor's token is still answered with the successor at `now` (epoch milliseconds)."""
        return now - self.at <= GRACE_MILLISECONDS


def first() -> RefreshToken:
    """The first token of a new family."""
    return RefreshToken(uuid.uuid4().hex, 0, secrets.token_bytes(_SECRET_BYTES))


def new_nonce() -> str:
    """What a claim adds so that the next token cannot be derived from the last one and the key alone."""
    return secrets.token_hex(_SECRET_BYTES)


def read(text: str, keys: tuple[bytes, ...]) -> RefreshToken | None:
    """The token, when one of the keys made its tag; None for everything else."""
    raw = _decoded(text)
    if raw is None:
        return None
    body, tag = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    if not any([hmac.compare_digest(_mac(key, b"tag", body)[:_TAG_BYTES], tag) for key in keys]):  # noqa: C419 - every key, always
        return None
    return RefreshToken(uuid.UUID(bytes=body[:16]).hex, int.from_bytes(body[16:20]), body[20:])


def is_formed(text: str) -> bool:
    """Whether the text has the form of a token, whoever made it."""
    return _decoded(text) is not None


def _decoded(text: str) -> bytes | None:
    """Body and tag."""
    if not text.startswith(PREFIX):
        return None
    encoded = text.removeprefix(PREFIX)
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == _BODY_BYTES + _TAG_BYTES else None


def _mac(key: bytes, purpose: bytes, message: bytes) -> bytes:
    return hmac.digest(key, b"omnix-refresh:" + purpose + b":" + message, hashlib.sha256)
