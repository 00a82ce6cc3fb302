"""The `Idempotency-Key` of a registration, kept with the credential that it made.

Nobody calls yet, so the key is the address's: of one address there is one registration, whatever the keys. TTL would
delete the credential with it, so it goes at the first sign-in after its day, and with the password that it came with.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from omnix import clock
from omnix.idempotency import RECORD_SECONDS, payload_hash, reused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.identity.model import Registration


@dataclass(frozen=True)
class Asked:
    """A key and what it was sent for, hashed, without the password: a repetition has to sign in with that."""

    key_hash: str
    payload_hash: str
    expires_at: int

    @classmethod
    def of(cls, registration: Registration, idempotency_key: str) -> Self:
        """What a registration asks for, good for a day."""
        payload = json.dumps([registration.name, registration.tenant_name])
        digest = hashlib.sha256(idempotency_key.encode()).hexdigest()
        hashed = payload_hash(idempotency_key, payload.encode())
        return cls(digest, hashed, clock.epoch_seconds() + RECORD_SECONDS)

    def repeats(self, earlier: Mapping[str, Any] | None) -> bool:
        """Whether it is the earlier request again; raises ValidationFailedError for another one with its key."""
        if not earlier or earlier["key_hash"] != self.key_hash or self.is_over(earlier):
            return False
        if earlier["payload_hash"] != self.payload_hash:
            raise reused()
        return True

    @staticmethod
    def is_over(earlier: Mapping[str, Any]) -> bool:
        """Whether the day of what is stored has passed."""
        return bool(earlier["expires_at"] < clock.epoch_seconds())

    def stored(self) -> dict[str, Any]:
        """As the credential keeps it."""
        return asdict(self)
