"""Sums of accounts in buckets of their hashes, and the accounts of the buckets that do not come to nothing.

A bucket holds the sum of amount times the account's hash modulo 2**128: nothing when each of its accounts is settled,
and by accident with a chance of 2**-127. As the checksums of items it does not depend on the order, and parts add up.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.integrity.saying import Account, Entry, Has, Needs

_BITS = 16
_MODULUS = 1 << 128


@functools.lru_cache(maxsize=4096)  # an item's counters are often one after another
def _hashed(rule: str, account: Account) -> int:
    text = "\x1f".join((rule, *account)).encode()
    return int.from_bytes(blake2b(text, digest_size=16).digest()) | 1  # odd: a factor that no amount cancels


@dataclass
class Balance:
    """The first pass: 65,536 sums, and 8 bytes for each account that is needed or there."""

    sums: list[int] = field(default_factory=lambda: [0] * (1 << _BITS))
    needed: set[int] = field(default_factory=set)
    there: set[int] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        """Book an entry."""
        factor = _hashed(entry.rule, entry.account)
        bucket = factor >> (128 - _BITS)
        self.sums[bucket] = (self.sums[bucket] + entry.amount * factor) % _MODULUS

    def needs(self, need: Needs) -> None:
        """The account must turn out to be there."""
        self.needed.add(_short(need))

    def has(self, has: Has) -> None:
        """The account is there."""
        self.there.add(_short(has))

    def merge(self, other: Balance) -> None:
        """Add another part's."""
        self.sums = [(a + b) % _MODULUS for a, b in zip(self.sums, other.sums, strict=True)]
        self.needed |= other.needed
        self.there |= other.there

    def doubts(self) -> Doubts:
        """What a second pass has to look at."""
        buckets = frozenset(bucket for bucket, total in enumerate(self.sums) if total)
        return Doubts(buckets, frozenset(self.needed - self.there))


@dataclass(frozen=True)
class Doubts:
    """Buckets that do not come to nothing, and accounts that are needed and not there."""

    buckets: frozenset[int]
    missing: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.buckets or self.missing)

    def concern(self, entry: Entry) -> bool:
        """Whether an entry is of one of the buckets."""
        return _hashed(entry.rule, entry.account) >> (128 - _BITS) in self.buckets

    def miss(self, need: Needs) -> bool:
        """Whether what is needed is not there."""
        return _short(need) in self.missing


@dataclass
class Standing:
    """Where an account stands in the second pass."""

    total: int = 0
    latest: str = ""
    witnessed: bool = False


@dataclass
class Books:
    """The second pass: the accounts of doubtful buckets, by rule and account."""

    doubts: Doubts
    accounts: dict[tuple[str, Account], Standing] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Book an entry whose bucket is in doubt."""
        if not self.doubts.concern(entry):
            return
        kept = self.accounts.setdefault((entry.rule, entry.account), Standing())
        kept.total += entry.amount
        kept.latest = max(kept.latest, entry.at)
        kept.witnessed = kept.witnessed or entry.witness

    def merge(self, other: Books) -> None:
        """Add another part's."""
        for key, theirs in other.accounts.items():
            mine = self.accounts.setdefault(key, Standing())
            mine.total += theirs.total
            mine.latest = max(mine.latest, theirs.latest)
            mine.witnessed = mine.witnessed or theirs.witnessed

    def unsettled(self) -> Iterator[tuple[str, Account, Standing]]:
        """The accounts that do not come to nothing, in order."""
        for (rule, account), kept in sorted(self.accounts.items(), key=lambda one: one[0]):
            if kept.total:
                yield rule, account, kept


def _short(one: Needs | Has) -> int:
    return _hashed(one.rule, one.account) >> 64
