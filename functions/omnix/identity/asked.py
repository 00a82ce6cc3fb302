"""The `Idempotency-Key` of a registration, kept with the credential that it made.

Nobody calls yet, so the key is the address's: of one address there is one registration, whatever the keys.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from omnix import clock
from omnix.idempotency import RECORD_SECONDS, reused

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
        return cls(_hash(idempotency_key), _hash(payload), clock.epoch_seconds() + RECORD_SECONDS)

    def repeats(self, earlier: Mapping[str, Any] | None) -> bool:
        """Whether it is the earlier request again; raises ValidationFailedError for another one with its key."""
        if not earlier or earlier["key_hash"] != self.key_hash or earlier["expires_at"] < clock.epoch_seconds():
            return False
        if earlier["payload_hash"] != self.payload_hash:
            raise reused()
        return True

    def stored(self) -> dict[str, Any]:
        """As the credential keeps it."""
        return asdict(self)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
