"""The forms of cron(), rate() and at(), as EventBridge's references give them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.limits.schedule_expression import fault, timezone_fault


@pytest.mark.parametrize(
    "expression",
    [
        *("cron(0 10 * * ? *)", "cron(15 12 * * ? *)", "cron(0 18 ? * MON-FRI *)", "cron(0 8 1 * ? *)"),
        *("cron(0/15 * * * ? *)", "cron(0/10 * ? * MON-FRI *)", "cron(0/5 8-17 ? * MON-FRI *)"),
        *("cron(15 10 ? * 6L 2022-2023)", "cron(0 9 ? * 2#1 *)", "cron(0 9 L * ? *)", "cron(0 9 3W * ? *)"),
        *(
            "cron(5,35 14 * * ? *)",
            "cron(15 10 ? JAN,feb mon 2199)",
            "cron(0 3 ? * FRI-MON *)",
            "cron(*/10 1-5/2 * * ? *)",
        ),
        *("rate(5 minutes)", "rate(1 hour)", "rate(30 days)", "at(2026-11-20T13:00:00)", "at(2028-02-29T00:00:00)"),
    ],
)
def test_what_the_references_show_is_accepted(expression: str) -> None:
    assert fault(expression, one_time=True) is None


@pytest.mark.parametrize(
    "expression",
    [
        *("", "every day", "0 10 * * ? *", "cron()", "cron(0 10 * * ?)", "cron(0 10 * * ? * *)", "CRON(0 10 * * ? *)"),
        *("cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)"),
        *(
            "cron(0 0 32 * ? *)",
            "cron(0 0 ? 13 MON *)",
            "cron(0 0 ? * 0 *)",
            "cron(0 0 ? * 8 *)",
            "cron(0 0 ? * MON#6 *)",
        ),
        *(
            "cron(0 0 * * ? 1969)",
            "cron(0 0 * * ? 2200)",
            "cron(? 0 * * ? *)",
            "cron(0 0 W * ? *)",
            "cron(5-1 0 * * ? *)",
        ),
        *("cron(0/0 0 * * ? *)", "cron(a 0 * * ? *)", "cron(0 0 ? FOO MON *)", "cron(0 0 * * ?, *)"),
        *("rate(0 minutes)", "rate(1.5 hours)", "rate(5 seconds)", "rate(5)", "rate(-1 days)", "rate(five minutes)"),
        *("at(2026-11-20)", "at(2026-11-20T13:00)", "at(2026-11-20 13:00:00)", "at(2026-11-20T13:00:00Z)"),
        *("at(2026-02-29T00:00:00)", "at(2026-13-01T00:00:00)", "at(2026-1-1T00:00:00)", "at(tomorrow)"),
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    assert fault(expression, one_time=True)


def test_a_rule_knows_no_one_time_schedule() -> None:
    assert fault("at(2026-11-20T13:00:00)", one_time=False)


@given(value=st.integers(1, 10_000), unit=st.sampled_from(["minute", "hour", "day"]), plural=st.booleans())
def test_a_rules_rate_is_singular_for_one_and_plural_for_more(value: int, unit: str, plural: bool) -> None:
    expression = f"rate({value} {unit}{'s' if plural else ''})"
    assert (fault(expression, one_time=False, strict_units=True) is None) == (plural == (value > 1))
    assert fault(expression, one_time=True) is None


@given(
    minute=st.integers(-5, 70), hour=st.integers(-5, 30), day=st.integers(-5, 40), month=st.integers(-5, 20),
    year=st.integers(1900, 2300),
)  # fmt: skip
def test_a_cron_of_numbers_holds_exactly_within_its_ranges(
    minute: int, hour: int, day: int, month: int, year: int
) -> None:
    good = 0 <= minute < 60 and 0 <= hour < 24 and 1 <= day <= 31 and 1 <= month <= 12 and 1970 <= year <= 2199
    assert (fault(f"cron({minute} {hour} {day} {month} ? {year})", one_time=False) is None) == good


def test_time_zones_are_those_of_the_iana_database() -> None:
    assert timezone_fault("Europe/Berlin") is None
    assert timezone_fault("UTC") is None
    assert timezone_fault("Europe/Atlantis")
