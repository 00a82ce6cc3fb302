"""Keys of the cost guard's items in the table `analytics`, and reservations' ids.

An id is the second in which the lease ends (six digits of base 36, counted from 2020, so that ids sort by it) and 41
random bits. A reservation's mark in a limits item is named after its day, feature and id: whoever reads that item
knows of every call under way, and which of them is over its time.
"""

from __future__ import annotations

import re
import secrets
import zlib
from dataclasses import dataclass

from omnix.costs.model import Feature
from omnix.dashboard.keys import partition

SHARDS = 8
LEDGER = "AI#LEDGER#"
CALLS = "AI#CALL#"
LIMITS = "AI#LIMITS#"
ENVIRONMENT = "ENVIRONMENT"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ORIGIN = 1_577_836_800  # 2020-01-01T00:00:00Z; six digits last until 2088
_TIME_LENGTH = 6
_RANDOM_LENGTH = 8
_MARK = re.compile(r"h(?P<day>\d\d)_(?P<feature>[a-z_]+)_(?P<id>[0-9a-z]{14})")

type Key = tuple[str, str]


def new_id(lease_ends: int) -> str:
    """An id whose lease ends at that second of the epoch."""
    random = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_LENGTH))
    return until(lease_ends) + random


def until(second: int) -> str:
    """What the ids begin with whose leases end at that second; smaller ones ended before it."""
    left, text = second - _ORIGIN, ""
    for _ in range(_TIME_LENGTH):
        left, digit = divmod(left, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text


def lease_ends(reservation_id: str) -> int:
    """Epoch seconds."""
    return int(reservation_id[:_TIME_LENGTH], 36) + _ORIGIN


def shard(reservation_id: str) -> int:
    """The shard that a reservation counts in; stable across processes."""
    return zlib.crc32(reservation_id.encode()) % SHARDS


def environment(day: str) -> Key:
    """analytics: what the environment and its features have committed, in the month of that day."""
    return f"{LIMITS}{day[:7]}", ENVIRONMENT


def tenant(tenant_id: str, day: str) -> Key:
    """analytics: what a tenant has committed, in the month of that day."""
    return partition(tenant_id), f"{LIMITS}{day[:7]}"


def holds(number: int) -> str:
    """analytics: the partition of a shard's holds, in the order in which their leases end."""
    return f"AI#HOLD#{number}"


def hold(reservation_id: str) -> Key:
    """analytics: a call under way."""
    return holds(shard(reservation_id)), reservation_id


def call(tenant_id: str, day: str, reservation_id: str) -> Key:
    """analytics: what became of a call."""
    return partition(tenant_id), f"{CALLS}{day}#{reservation_id}"


def ledger(tenant_id: str, day: str, feature: str, model_id: str, number: int) -> tuple[Key, Key]:
    """analytics: the ledger's row among its tenant's, and the same among the day's."""
    row = f"{feature}#{model_id}#{number}"
    return (partition(tenant_id), f"{LEDGER}{day}#{row}"), (f"{LEDGER}{day}", f"{tenant_id}#{row}")


@dataclass(frozen=True)
class Mark:
    """A reservation in a limits item: `name` is the attribute that holds its amount, `day` of the month, two digits."""

    day: str
    feature: Feature
    reservation_id: str

    @property
    def name(self) -> str:
        """The attribute's name."""
        return f"h{self.day}_{self.feature.value}_{self.reservation_id}"

    @classmethod
    def of(cls, name: str) -> Mark | None:
        """The mark of that name; None for any other attribute, and for a feature that this version does not know."""
        found = _MARK.fullmatch(name)
        if not found or found["feature"] not in set(Feature):
            return None
        return cls(found["day"], Feature(found["feature"]), found["id"])
