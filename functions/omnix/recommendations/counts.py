"""Counts of the most frequent among any number of things, in bounded space. Pure.

Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams",
2005): when there is no room, the newcomer takes the place and the count of the least. A count is never too small, too
large by at most the least of those kept, and whatever occurs in more than 1/CAPACITY of all is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPACITY = 100  # about 5 KB of an item, and far more than a page shows


def added(counts: Mapping[str, int], more: Mapping[str, int], capacity: int = CAPACITY) -> dict[str, int]:
    """The counts with `more` (at least 1 each) added; at most `capacity` of them."""
    found = dict(counts)
    for name, amount in sorted(more.items()):
        if name not in found and len(found) >= capacity:
            least = min(found, key=lambda kept: (found[kept], kept))
            found[name] = found.pop(least) + amount
        else:
            found[name] = found.get(name, 0) + amount
    return found


def top(counts: Mapping[str, int], limit: int) -> list[tuple[str, int]]:
    """The most frequent first; what is equal by name."""
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:limit]
