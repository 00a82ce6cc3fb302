"""Checksums of DynamoDB items that do not depend on their order.

The sum of the items' hashes modulo 2**128 (Clarke and others, "Incremental Multiset Hash Functions", 2003): parts that
were summed apart add up, an item that is counted twice shows, and an update is its old hash off and its new one on. It
finds accidents, not an adversary who chooses items. Sums are kept in buckets of the key's hash, which have nothing to
do with a scan's segments: what differs is found again by comparing the items of the differing buckets only.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from decimal import Context, Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

type AttributeValue = Mapping[str, Any]
type WireItem = Mapping[str, AttributeValue]

_MODULUS = 1 << 128
_BYTES = 16
# DynamoDB keeps 38 digits; Python's own context would round to 28.
_DIGITS = Context(prec=60, Emin=-999, Emax=999)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


def canonical(item: WireItem) -> bytes:
    """The one spelling of an item in DynamoDB's JSON: names and sets sorted, numbers without spare digits.

    Binary values may be bytes (as botocore gives them) or base64 (as the wire has them): both spell the same.
    Raises ValueError for an attribute value that DynamoDB does not have.
    """
    return _spelled({name: _value(value) for name, value in item.items()})


def item_hash(item: WireItem) -> int:
    """128 bits of the item's content. Raises as `canonical`."""
    return hash_of(canonical(item))


def hash_of(spelled: bytes) -> int:
    """128 bits of what `canonical` spelled."""
    return int.from_bytes(blake2b(spelled, digest_size=_BYTES).digest())


def _spelled(document: object) -> bytes:
    return _ENCODER.encode(document).encode("ascii")


def _value(value: AttributeValue) -> object:
    try:
        ((kind, content),) = value.items()
        return _KINDS[kind](content)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        raise ValueError(f"{_shortened(value)} is no attribute value") from None


def _shortened(value: object) -> str:
    return repr(value)[:80]


def _string(content: Any) -> object:
    if not isinstance(content, str):
        raise TypeError
    return ["S", content]


def number(text: str) -> str:
    """A number as DynamoDB would write it: `1.50` is `1.5`, `1E+2` is `100`, `-0` is `0`."""
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    exact = Decimal(text).normalize(_DIGITS)
    if not exact.is_finite():
        raise ValueError(text)
    return format(exact, "f") if exact else "0"


def _binary(content: bytes | str) -> str:
    return content if isinstance(content, str) else b64encode(content).decode()


_KINDS: dict[str, Callable[[Any], object]] = {
    "S": _string,
    "N": lambda content: ["N", number(content)],
    "B": lambda content: ["B", _binary(content)],
    "BOOL": lambda content: ["BOOL", bool(content)],
    "NULL": lambda _: ["NULL"],
    "L": lambda content: ["L", [_value(part) for part in content]],
    "M": lambda content: ["M", {name: _value(part) for name, part in content.items()}],
    "SS": lambda content: ["SS", sorted(content)],
    "NS": lambda content: ["NS", sorted(map(number, content))],
    "BS": lambda content: ["BS", sorted(map(_binary, content))],
}


@dataclass
class Buckets:
    """Counts and sums of items in 2**`bits` buckets of their keys' hashes; 40 bytes a bucket, whatever the items are.

    Two tables hold the same items when all of their buckets agree, to within 2**-128.
    """

    bits: int
    counts: list[int] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not 0 <= self.bits <= 24:  # noqa: PLR2004 - a gigabyte of sums
            raise ValueError(f"{self.bits} bits: 0 to 24")
        self.counts = self.counts or [0] * (1 << self.bits)
        self.sums = self.sums or [0] * (1 << self.bits)
        if not len(self.counts) == len(self.sums) == 1 << self.bits:
            raise ValueError("not as many counts and sums as buckets")

    @staticmethod
    def of(bits: int, key: WireItem) -> int:
        """The bucket of a key among 2**`bits`."""
        return item_hash(key) >> (128 - bits)

    def bucket(self, key: WireItem) -> int:
        """The bucket of a key."""
        return self.of(self.bits, key)

    def add(self, key: WireItem, item: WireItem) -> None:
        """Count an item in."""
        self._change(self.bucket(key), 1, item_hash(item))

    def remove(self, key: WireItem, item: WireItem) -> None:
        """Count an item out again, that was counted in before or will be."""
        self._change(self.bucket(key), -1, -item_hash(item))

    def _change(self, bucket: int, count: int, amount: int) -> None:
        self.counts[bucket] += count
        self.sums[bucket] = (self.sums[bucket] + amount) % _MODULUS

    @property
    def count(self) -> int:
        """How many items were added."""
        return sum(self.counts)

    @property
    def checksum(self) -> int:
        """One number for all of the items."""
        return sum(self.sums) % _MODULUS

    def merge(self, other: Buckets) -> None:
        """Add the items of another part. Raises ValueError when its buckets are others."""
        self._require_same(other)
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.sums = [(a + b) % _MODULUS for a, b in zip(self.sums, other.sums, strict=True)]

    def differing(self, other: Buckets) -> list[int]:
        """The buckets whose items are not the same. Raises ValueError when the other's buckets are others."""
        self._require_same(other)
        mine, theirs = zip(self.counts, self.sums, strict=True), zip(other.counts, other.sums, strict=True)
        return [bucket for bucket, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b]

    def _require_same(self, other: Buckets) -> None:
        if self.bits != other.bits:
            raise ValueError(f"{self.bits} bits cannot be compared with {other.bits}")

    def to_json(self) -> dict[str, Any]:
        """As a JSON document; sums are hexadecimal, since JSON's numbers may lose digits."""
        return {"bits": self.bits, "counts": self.counts, "sums": [f"{one:x}" for one in self.sums]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return cls(document["bits"], list(document["counts"]), [int(one, 16) for one in document["sums"]])
