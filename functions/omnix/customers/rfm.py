"""Recency, frequency and money: a score of 1 to 5 each, and the segment that they make. Pure.

The scales are fixed, so that a customer's segment depends on that customer and the day alone, and can be counted
without reading the others (quintiles, as in Hughes' "Strategic Database Marketing", would need them all).
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from itertools import product

from omnix.currencies import digits

_BEST = 5
_SCORES = range(1, _BEST + 1)
_RECENCY_DAYS = (30, 60, 90, 180)  # at most so many: 5, 4, 3, 2
_FREQUENCY_ORDERS = (2, 4, 6, 10)  # at least so many: 2, 3, 4, 5
_MONEY_UNITS = (50, 200, 500, 1000)  # at least so much, in whole units of a currency: 2, 3, 4, 5

_HIGH, _MIDDLE, _LOW = 4, 3, 2


class Segment(StrEnum):
    """What kind of customer it is, by what it bought and when."""

    CHAMPION = "champion"
    LOYAL = "loyal"
    BIG_SPENDER = "big_spender"
    NEW = "new"
    PROMISING = "promising"
    AT_RISK = "at_risk"
    HIBERNATING = "hibernating"
    LOST = "lost"
    PROSPECT = "prospect"


BUYERS = tuple(segment for segment in Segment if segment is not Segment.PROSPECT)


def recency(days: int) -> int:
    """1 to 5 from the whole days since the last order; a day in the future counts as today."""
    return _BEST - sum(days > bound for bound in _RECENCY_DAYS)


def frequency(orders: int) -> int:
    """1 to 5 from the number of orders."""
    return 1 + sum(orders >= bound for bound in _FREQUENCY_ORDERS)


def money(spent: Mapping[str, int]) -> int:
    """1 to 5 from what was spent, in minor units by currency: the best of the currencies, for rates are not known."""
    return max((_money(currency, amount) for currency, amount in spent.items()), default=1)


def _money(currency: str, amount: int) -> int:
    return 1 + sum(amount >= bound * int(10 ** digits(currency)) for bound in _MONEY_UNITS)


def segment(recent: int, often: int, much: int) -> Segment:
    """The segment of three scores (1 to 5 each)."""
    if recent == 1:
        return Segment.LOST
    if recent == _LOW:
        return Segment.AT_RISK if often >= _MIDDLE or much >= _HIGH else Segment.HIBERNATING
    if often >= _HIGH:
        return Segment.CHAMPION if recent >= _HIGH and much >= _HIGH else Segment.LOYAL
    if much >= _HIGH:
        return Segment.BIG_SPENDER
    if often == 1 and recent >= _HIGH:
        return Segment.NEW
    return Segment.PROMISING


def course(often: int, much: int) -> str:
    """The segments that a buyer with these scores passes through while it buys no more; one name for the same way.

    There are six such ways, of 25 pairs of scores: `new>promising>hibernating>lost`, `loyal>at_risk>lost`, ...
    """
    return ">".join(dict.fromkeys(segment(recent, often, much) for recent in reversed(_SCORES)))


def spans(wanted: Segment) -> Mapping[str, tuple[int | None, int | None]]:
    """Course -> how many days ago at least and at most those of a segment bought last; None for no bound."""
    found: dict[str, tuple[int | None, int | None]] = {}
    for often, much in product(_SCORES, _SCORES):
        scores = [recent for recent in _SCORES if segment(recent, often, much) is wanted]
        if scores:
            found[course(often, much)] = _least_days(scores[-1]), _most_days(scores[0])
    return found


def _least_days(recent: int) -> int | None:
    return None if recent == _BEST else _RECENCY_DAYS[_BEST - 1 - recent] + 1


def _most_days(recent: int) -> int | None:
    return None if recent == 1 else _RECENCY_DAYS[_BEST - recent]


def days_between(last_order_at: str, today: str) -> int:
    """Whole days from one UTC day to another (ISO 8601, of which the date counts)."""
    return (date.fromisoformat(today[:10]) - date.fromisoformat(last_order_at[:10])).days
