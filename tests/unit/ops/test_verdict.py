"""Scoring and thresholds: pure, and exact at the edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.readiness.verdict import Category, Gate, Outcome, RequestRecord, Score, Status, judge, percentile

GOOD = [RequestRecord("GET /products", 20, error=False, measured=True)]


def outcomes(category: Category, passed: int, failed: int = 0, skipped: int = 0) -> list[Outcome]:
    return (
        [Outcome(category, f"p{n}", Status.PASS) for n in range(passed)]
        + [Outcome(category, f"f{n}", Status.FAIL) for n in range(failed)]
        + [Outcome(category, f"s{n}", Status.SKIP) for n in range(skipped)]
    )


def suite_with(category: Category, passed: int, failed: int, skipped: int = 0) -> list[Outcome]:
    others = [o for c in Category if c is not category for o in outcomes(c, 200)]
    return others + outcomes(category, passed, failed, skipped)


@pytest.mark.parametrize(
    ("category", "passed", "failed", "ready"),
    [
        (Category.SERVICE_HEALTH, 95, 5, False),  # exactly 95 % is not more than 95 %
        (Category.SERVICE_HEALTH, 96, 4, True),
        (Category.AUTHENTICATION, 9, 1, False),
        (Category.AUTHENTICATION, 91, 9, True),
        (Category.CORE_OPERATIONS, 19, 1, False),
        (Category.CORE_OPERATIONS, 20, 1, True),
        (Category.FRONT_END, 38, 2, False),
        (Category.FRONT_END, 39, 2, True),
    ],
)
def test_a_category_must_exceed_its_threshold(category: Category, passed: int, failed: int, ready: bool) -> None:
    assert judge(suite_with(category, passed, failed), GOOD).ready is ready


def test_overall_must_exceed_95_percent_even_when_no_category_has_a_threshold_of_its_own() -> None:
    healthy = [o for c in Category if c is not Category.PERFORMANCE for o in outcomes(c, 19)]

    verdict = judge(healthy + outcomes(Category.PERFORMANCE, 19, 5), GOOD)

    assert verdict.overall.percent == pytest.approx(95)
    assert not verdict.overall.ok
    assert all(score.ok for score in verdict.categories)
    assert not verdict.ready


@pytest.mark.parametrize("category", list(Category))
def test_a_category_with_nothing_but_skips_fails(category: Category) -> None:
    verdict = judge(suite_with(category, 0, 0, skipped=10), GOOD)

    score = next(s for s in verdict.categories if s.key == category)
    assert score.percent is None
    assert not score.ok
    assert not verdict.ready


@pytest.mark.parametrize("category", list(Category))
def test_a_category_without_any_check_fails(category: Category) -> None:
    assert not judge(suite_with(category, 0, 0), GOOD).ready


def test_skips_do_not_lift_a_score() -> None:
    without, with_skips = (judge(suite_with(Category.CORE_OPERATIONS, 9, 1, n), GOOD) for n in (0, 500))

    assert [s.percent for s in without.categories] == [s.percent for s in with_skips.categories]
    assert without.overall.percent == with_skips.overall.percent


@given(passed=st.integers(0, 10_000), failed=st.integers(0, 10_000), threshold=st.integers(0, 100))
def test_a_score_is_ok_exactly_when_the_fraction_is_above_the_threshold(
    passed: int, failed: int, threshold: int
) -> None:
    score = Score("x", "x", passed, failed, 7, threshold)

    assert score.ok is (passed + failed > 0 and 100 * passed > threshold * (passed + failed))


def requests(route: str, count: int, errors: int = 0, milliseconds: float = 20) -> list[RequestRecord]:
    return [RequestRecord(route, milliseconds, error=n < errors, measured=True) for n in range(count)]


def gate(name: str, records: list[RequestRecord]) -> Gate:
    return next(g for g in judge([], records).gates if g.name == name)


def test_an_average_of_exactly_500_ms_fails() -> None:
    assert not gate("Average response", requests("GET /a", 3, milliseconds=500)).ok
    assert gate("Average response", requests("GET /a", 3, milliseconds=499.9)).ok


def test_only_measured_requests_count_for_the_average() -> None:
    cold = RequestRecord("GET /a", 60_000, error=False)

    assert gate("Average response", [cold, *requests("GET /a", 2)]).value == 20


def test_an_error_rate_of_exactly_5_percent_fails() -> None:
    assert not gate("Error rate", requests("GET /a", 100, errors=5)).ok
    assert gate("Error rate", requests("GET /a", 100, errors=4)).ok


def test_one_bad_route_fails_the_release_gate_though_the_whole_is_fine() -> None:
    records = requests("GET /a", 10_000) + requests("GET /b", 100, errors=1)

    worst = gate("Error rate of the worst route", records)

    assert gate("Error rate", records).ok
    assert not worst.ok
    assert worst.detail == "GET /b"


def test_a_route_below_1_percent_passes_the_release_gate() -> None:
    assert gate("Error rate of the worst route", requests("GET /b", 101, errors=1)).ok


def test_nothing_measured_fails_every_gate() -> None:
    assert not any(g.ok for g in judge([], []).gates)


def test_an_unmeasured_error_counts_for_its_route() -> None:
    records = [*requests("GET /a", 50), RequestRecord("POST /a", 10, error=True)]

    assert gate("Error rate of the worst route", records).value == 100


def test_p95_is_a_value_that_was_measured() -> None:
    assert percentile([10.0, 20.0, 30.0, 1000.0], 95) == 1000
    assert percentile([float(n) for n in range(1, 101)], 95) == 95
    assert percentile([7.0], 95) == 7
