"""Passwords: argon2id at 19 MiB, two passes, one lane (OWASP's figures; 17 ms, not the default's 143)."""

import hashlib

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import hash_secret_raw

from omnix.identity.nobody import NOBODY

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_FINGERPRINT_BYTES = 32


def hash_password(password: str) -> str:
    """The encoded hash, salt and parameters included."""
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the one of the stored hash; without one the same work, and False."""
    try:
        return _HASHER.verify(stored or NOBODY, password) and stored is not None
    except VerifyMismatchError:
        return False


def fingerprint(password: str, purpose: str) -> bytes:
    """The same 32 bytes for the same password and purpose, as slow to guess from as a hash; the salt is the purpose."""
    salt = hashlib.sha256(purpose.encode()).digest()
    cost = {"time_cost": _HASHER.time_cost, "memory_cost": _HASHER.memory_cost, "parallelism": _HASHER.parallelism}
    return hash_secret_raw(password.encode(), salt, hash_len=_FINGERPRINT_BYTES, type=Type.ID, **cost)
