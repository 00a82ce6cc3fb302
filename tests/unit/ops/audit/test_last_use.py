"""When something was last used, and how far silence reaches; and what it costs."""

from datetime import datetime, timedelta

import pytest

from ops.audit.cost import monthly
from ops.audit.last_use import last_use
from ops.audit.metrics import UNKNOWN, Series
from ops.audit.model import Kind
from ops.preview.price_table import read_prices
from tests.unit.ops.audit.accounts import NOW, OLD, WINDOW, resource, table

_MIDNIGHT = NOW.replace(hour=0)
_START = _MIDNIGHT - WINDOW


def _days(*ago: int, value: float = 1.0) -> Series:
    return Series({_MIDNIGHT - timedelta(days=days): value for days in ago})


def test_the_latest_day_of_any_metric_counts() -> None:
    use = last_use(resource(Kind.FUNCTION, "f"), {"use": _days(9, 3), "use.1": _days(5)}, NOW, WINDOW)
    assert use.at == _MIDNIGHT - timedelta(days=3)


def test_reads_and_writes_of_a_table_are_told_apart_and_reads_of_an_index_count() -> None:
    use = last_use(table("t"), {"read": Series({}), "read.1": _days(2), "write": _days(30)}, NOW, WINDOW)
    assert (use.at, use.read_at) == (_MIDNIGHT - timedelta(days=2), _MIDNIGHT - timedelta(days=2))
    assert use.written_at == _MIDNIGHT - timedelta(days=30)


@pytest.mark.parametrize("born", [OLD, NOW - timedelta(days=3)])
def test_silence_reaches_back_to_the_window_or_to_the_birth_whichever_is_later(born: datetime) -> None:
    use = last_use(table("t", created_at=born), {"read": Series({}), "write": Series({})}, NOW, WINDOW)
    assert use.at is None
    assert use.unused_since == max(born, _START)


def test_one_metric_that_was_refused_silences_the_silence_but_not_a_sign_of_use() -> None:
    silent = last_use(table("t"), {"read": Series({}), "write": UNKNOWN}, NOW, WINDOW)
    assert (silent.at, silent.unused_since) == (None, None)
    assert last_use(table("t"), {"read": _days(1), "write": UNKNOWN}, NOW, WINDOW).at is not None


def test_a_thing_of_unknown_age_is_not_known_to_be_idle() -> None:
    one = resource(Kind.FUNCTION, "f", created_at=None)
    assert last_use(one, {"use": Series({})}, NOW, WINDOW).unused_since is None


def test_a_role_is_as_old_as_iams_memory_and_never_older_than_itself() -> None:
    assert last_use(resource(Kind.ROLE, "r"), {}, NOW, WINDOW).unused_since == NOW - timedelta(days=400)
    young = resource(Kind.ROLE, "r", created_at=NOW - timedelta(days=2))
    assert last_use(young, {}, NOW, WINDOW).unused_since == NOW - timedelta(days=2)
    used = resource(Kind.ROLE, "r", measures={"last_used": OLD.isoformat()})
    assert last_use(used, {}, NOW, WINDOW).at == OLD


def test_a_bucket_that_was_not_listed_is_neither_used_nor_idle() -> None:
    use = last_use(resource(Kind.BUCKET, "b", measures={}), {}, NOW, WINDOW)
    assert (use.at, use.unused_since) == (None, None)
    empty = last_use(resource(Kind.BUCKET, "b", measures={"versions": 0, "more": False}), {}, NOW, WINDOW)
    assert empty.unused_since == _START


def test_a_table_costs_its_storage_and_what_was_consumed_in_thirty_days() -> None:
    prices = read_prices()
    usd = {name: price.usd for name, price in prices.prices.items()}
    one = table("t", facts={"BillingMode": "PAY_PER_REQUEST"})
    one = one.model_copy(update={"measures": {"bytes": 2 * 1024**3}})
    series = {"read": _days(1, 60, value=2_000_000), "write": _days(2, value=1_000_000)}
    expected = 2 * usd["table_storage"] + 2 * usd["table_reads"] + usd["table_writes"]
    assert monthly(one, series, prices, NOW) == pytest.approx(expected)
    assert monthly(one, {"read": UNKNOWN, "write": _days(1)}, prices, NOW) is None


def test_provisioned_capacity_costs_though_nobody_uses_it() -> None:
    prices = read_prices()
    one = table("t", facts={"BillingMode": "PROVISIONED"})
    one = one.model_copy(update={"measures": {"bytes": 0, "read_units": 5, "write_units": 5}})
    usd = {name: price.usd for name, price in prices.prices.items()}
    assert monthly(one, {}, prices, NOW) == pytest.approx(730 * 5 * (usd["table_rcu"] + usd["table_wcu"]))
