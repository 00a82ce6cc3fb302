"""Targets of EventBridge rules that moto has no delivery for: functions and topics.

Source: EventBridge user guide, "Event bus targets", "Input transformation". What a target refuses is logged and lost:
there are no retries here, and no dead letters.
"""

import datetime
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from localcloud.enforcement.account import Account
from localcloud.functions.invocation import InvokeRefused

_LOG = logging.getLogger(__name__)
SERVICES = frozenset({"lambda", "sns"})
_VARIABLE = re.compile("<([^<>]+)>")
_WHOLE = "aws.events.event.json"
_MOTOS_OWN = ("ingestion-time", "replay-name")  # what no event of AWS has


def deliver(account: Account, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """Send what the target asked for of `event` (as moto has it). A function is called as an event, not waited for."""
    arn = str(target["Arn"])
    service, region = arn.split(":")[2:4]
    text = body(target, event)
    if service == "sns":
        account.backend("sns", region).publish(text, arn=arn)
        return
    try:
        headers = {"x-amz-invocation-type": "Event"}
        account.backend("lambda", region).invoke(arn, None, text, headers, {})
    except InvokeRefused as refusal:
        _LOG.warning("%s: an event was not taken: %s", arn, refusal.message)


def body(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """The JSON that a target receives: its constant, a part of the event, a template filled from it, or all of it."""
    if target.get("Input"):
        return str(target["Input"])
    whole = {key: value for key, value in event.items() if key not in _MOTOS_OWN}
    whole["time"] = _moment(whole.get("time"))
    if path := target.get("InputPath"):
        return json.dumps(_at(whole, str(path)))
    if transformer := target.get("InputTransformer"):
        values = {name: _at(whole, path) for name, path in transformer.get("InputPathsMap", {}).items()}
        return _filled(transformer["InputTemplate"], {**values, _WHOLE: whole})
    return json.dumps(whole)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A value stands for itself in JSON, and as text inside of a string."""

    def text(match: re.Match[str]) -> str:
        value = values.get(match[1])
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    def token(match: re.Match[str]) -> str:
        if match[1]:
            return json.dumps(values.get(match[1]))
        return _VARIABLE.sub(text, match[0])

    return re.sub(rf'"(?:[^"\\]|\\.)*"|{_VARIABLE.pattern}', token, template)


def _moment(value: Any) -> str:
    """Text as it was sent; moto keeps seconds since 1970 where nothing was."""
    if isinstance(value, str) and not re.fullmatch(r"[\d.]+", value):
        return value
    moment = datetime.datetime.fromtimestamp(float(value or 0), datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _at(event: Any, path: str) -> Any:
    """A JSON path of names, which is all that a target may use (`$.detail.id`)."""
    for name in path.removeprefix("$").strip(".").split("."):
        event = event.get(name) if name and isinstance(event, Mapping) else event if not name else None
    return event
