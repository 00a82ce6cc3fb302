"""AWS's schedule expressions: `cron(…)` of six fields, `rate(…)` (EventBridge user guide, schedule expressions)."""

import re

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# name, lowest, highest, words, wildcards that only this field takes
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("minutes", 0, 59, (), ""),
    ("hours", 0, 23, (), ""),
    ("day of month", 1, 31, (), r"|\?|L|LW|\d{1,2}W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of week", 1, 7, _DAYS, r"|\?|L|[1-7]L|[A-Z]{3}L|(?:[1-7]|[A-Z]{3})#[1-5]"),
    ("year", 1970, 2199, (), ""),
)


def cron_fault(text: str) -> str | None:
    """What is wrong with a `cron(minutes hours day-of-month month day-of-week year)`."""
    match = re.fullmatch(r"cron\((.*)\)", text)
    if match is None:
        return f"{text!r} is not of the form cron(…)"
    fields = match[1].split()
    if len(fields) != len(_FIELDS):
        return (
            f"{text!r} has {len(fields)} fields; AWS's cron has six: minutes hours day-of-month month day-of-week year"
        )
    for value, (name, low, high, words, extra) in zip(fields, _FIELDS, strict=True):
        for part in value.upper().split(","):
            if not _part(part, low, high, words, extra):
                return f"{value!r} is no {name} of a cron expression ({low}-{high})"
    if (fields[2] == "?") == (fields[4] == "?"):
        return f"{text!r}: exactly one of day of month and day of week must be ?"
    return None


def _part(part: str, low: int, high: int, words: tuple[str, ...], extra: str) -> bool:
    if extra and re.fullmatch(extra[1:], part):
        return True
    match = re.fullmatch(r"(\*|[A-Z]{3}|\d+)(?:-([A-Z]{3}|\d+))?(?:/(\d+))?", part)
    if match is None or (match[1] == "*" and match[2]) or (match[3] is not None and int(match[3]) < 1):
        return False
    numbers = [_value(text, words, low) for text in match.groups()[:2] if text and text != "*"]
    return all(value is not None and low <= value <= high for value in numbers)


def _value(text: str, words: tuple[str, ...], low: int) -> int | None:
    if text.isdigit():
        return int(text)
    return words.index(text) + low if text in words else None


def rate_fault(text: str) -> str | None:
    """What is wrong with a `rate(value unit)`: the unit is singular for one and plural for more."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", text)
    if match is None or int(match[1]) < 1:
        return f"{text!r} is no rate(value minutes|hours|days) with a value of 1 or more"
    if (int(match[1]) == 1) == bool(match[3]):
        return f"{text!r}: {match[2]} for one, {match[2]}s for more"
    return None
