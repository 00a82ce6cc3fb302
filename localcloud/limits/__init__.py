"""What the services refuse at the call, where moto does not: the models' constraints and the services' own limits.

`refuse` is asked for every AWS call, after it is authorised and before moto answers it. It knows the parameters and
nothing of what is stored; what needs the stored state is moto's, and what moto already refuses is listed beside it.
"""

from collections.abc import Iterable
from itertools import groupby

from localcloud.endpoint.call import Call
from localcloud.limits import constraints, dynamodb, messages, parameters, schedules, storage, telemetry
from localcloud.limits.refusal import Limit, Refusal

__all__ = ["Limit", "Refusal", "refuse"]

_LIMITS: Iterable[Limit] = (
    *(*dynamodb.RULES, *messages.RULES, *parameters.RULES, *schedules.RULES, *storage.RULES, *telemetry.RULES),
)
# These services name a broken limit in words of their own before their model's.
_OWN_WORDS_FIRST = frozenset({"cloudwatch"})
_BY_SUBJECT = {
    subject: tuple(found)
    for subject, found in groupby(sorted(_LIMITS, key=lambda rule: rule.subject), key=lambda rule: rule.subject)
}


def refuse(call: Call) -> Refusal | None:
    """What the service would answer instead of doing it, or None."""
    if call.service in _OWN_WORDS_FIRST:
        return _limit(call) or _model(call)
    return _model(call) or _limit(call)


def _model(call: Call) -> Refusal | None:
    return constraints.refuse(call.service, call.operation, call.parameters)


def _limit(call: Call) -> Refusal | None:
    for rule in _BY_SUBJECT.get(f"{call.service}:{call.operation}", ()):
        if (message := rule.find(call.parameters)) is not None:
            return Refusal(rule.status, rule.code, message, rule.id)
    return None
