"""EventBridge's schedule expressions: `cron(…)`, `rate(…)` and `at(…)`, judged as their references describe them.

Sources: EventBridge Scheduler user guide, "Schedule types"; EventBridge user guide, "Setting a schedule pattern".
"""

import re
import zoneinfo
from datetime import datetime

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (  # name, lowest, highest, names in the place of numbers, what else it may be
    ("minutes", 0, 59, (), ""),
    ("hours", 0, 23, (), ""),
    ("day-of-month", 1, 31, (), r"\?|L|LW|([1-9]|[12]\d|3[01])W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day-of-week", 1, 7, _DAYS, r"\?|L|[1-7]L|[1-7]#[1-5]"),
    ("year", 1970, 2199, (), ""),
)
_CYCLIC = {"month", "day-of-week"}  # DEC-FEB, FRI-MON
_WHOLE = re.compile(r"(cron|rate|at)\(([^()]*)\)")
_RATE = re.compile(r"([1-9]\d*)\s+(minute|hour|day)(s?)")
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def fault(expression: str, *, one_time: bool, strict_units: bool = False) -> str | None:
    """Why the expression is no schedule, or None.

    `one_time`: whether `at(…)` is known (Scheduler) or not (rules, backup plans). `strict_units`: whether a rate of 1
    needs the singular and every other one the plural (rules); Scheduler takes both.
    """
    match = _WHOLE.fullmatch(expression)
    if match is None or (match[1] == "at" and not one_time):
        forms = "cron(…), rate(…) or at(…)" if one_time else "cron(…) or rate(…)"
        return f"{expression!r} is not {forms}"
    if match[1] == "cron":
        return cron_fault(match[2])
    return _rate_fault(match[2], strict_units) if match[1] == "rate" else _at_fault(match[2])


def cron_fault(text: str) -> str | None:
    """Of the six fields inside `cron(…)`: minutes hours day-of-month month day-of-week year."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"cron has {len(fields)} fields; AWS takes 6: minutes hours day-of-month month day-of-week year"
    for value, (name, low, high, names, special) in zip(fields, _FIELDS, strict=True):
        if special and re.fullmatch(special, _numbered(value, names)):
            continue
        for part in value.split(","):
            if not _is_part(_numbered(part, names), low, high, cyclic=name in _CYCLIC):
                return f"{part!r} is no {name} ({low} to {high})"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of day-of-month and day-of-week must be ?"
    return None


def timezone_fault(name: str) -> str | None:
    """Scheduler takes the names of the IANA time-zone database."""
    return None if name in zoneinfo.available_timezones() else f"{name!r} is no time zone of the IANA database"


def _numbered(text: str, names: tuple[str, ...]) -> str:
    found = text.upper()
    for number, name in enumerate(names, 1):
        found = found.replace(name, str(number))
    return found


def _is_part(text: str, low: int, high: int, *, cyclic: bool) -> bool:
    """`*`, `5`, `1-5`, and each of them with a step: `*/10`, `0/15`, `8-18/2`."""
    match = re.fullmatch(r"(\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", text)
    if match is None:
        return False
    _, first, last, step = match.groups()
    within = all(low <= int(number) <= high for number in (first, last) if number is not None)
    ordered = last is None or cyclic or int(first) <= int(last)
    return within and ordered and (step is None or 1 <= int(step) <= high)


def _rate_fault(text: str, strict: bool) -> str | None:
    match = _RATE.fullmatch(text)
    if match is None:
        return f"rate({text}) is not a whole number from 1 and minutes, hours or days"
    if strict and (match[1] == "1") == bool(match[3]):
        return f"rate({text}): the unit is singular for 1 and plural for more"
    return None


def _at_fault(text: str) -> str | None:
    try:
        datetime.fromisoformat(text if _AT.fullmatch(text) else "")
    except ValueError:
        return f"at({text}) is not at(yyyy-mm-ddThh:mm:ss), without a time zone"
    return None
