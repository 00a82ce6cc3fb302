"""EventBridge Scheduler's own rules; moto takes every expression, zone and window.

Source: EventBridge Scheduler API reference, CreateSchedule, and its user guide, "Schedule types".
"""

from localcloud.limits.refusal import Parameters, limits
from localcloud.limits.schedule_expression import fault, timezone_fault
from localcloud.refusals import NotCovered

_SOURCE = "EventBridge Scheduler API reference: CreateSchedule"
_SAVED = ("CreateSchedule", "UpdateSchedule")


def _expression(parameters: Parameters) -> str | None:
    expression = parameters["ScheduleExpression"]
    return f"Invalid Schedule Expression {expression}." if fault(expression, one_time=True) else None


def _timezone(parameters: Parameters) -> str | None:
    zone = parameters.get("ScheduleExpressionTimezone")
    return f"Invalid Schedule Expression Timezone {zone}." if zone and timezone_fault(zone) else None


def _window(parameters: Parameters) -> str | None:
    window = parameters["FlexibleTimeWindow"]
    flexible, given = window["Mode"] == "FLEXIBLE", "MaximumWindowInMinutes" in window
    if flexible == given:
        return None
    words = "must be provided when Mode is FLEXIBLE" if flexible else "must not be provided when Mode is OFF"
    return f"MaximumWindowInMinutes {words}."


RULES = (
    *limits(
        "expression", "scheduler", _SAVED, _expression, what="a wrong cron(…), rate(…) or at(…)",
        limit="6 fields; minutes, hours, days; yyyy-mm-ddThh:mm:ss", source=_SOURCE,
    ),
    *limits(
        "timezone", "scheduler", _SAVED, _timezone, what="an unknown time zone", limit="IANA's names", source=_SOURCE
    ),
    *limits(
        "window", "scheduler", _SAVED, _window, what="a flexible window without its length, or a length without one",
        limit="1 to 1,440 minutes", source=f"{_SOURCE}, FlexibleTimeWindow",
    ),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        "scheduler:CreateSchedule",
        "a group that is not there, and a role that Scheduler may not assume, at the call",
        "they take what is stored; the provider refuses both",
        _SOURCE,
    ),
)
