"""What the services refuse at the call, where moto does not: the models' constraints and the services' own limits.

`refuse` is asked for every AWS call, after it is authorised and before moto answers it. It knows the parameters and
nothing of what is stored; what needs the stored state is moto's, and what moto already refuses is listed beside it.
"""

from collections.abc import Iterable
from itertools import groupby

from localcloud.endpoint.call import Call
from localcloud.limits import constraints
from localcloud.limits.refusal import Limit, Refusal

__all__ = ["Limit", "Refusal", "refuse"]

_LIMITS: Iterable[Limit] = ()
_BY_SUBJECT = {
    subject: tuple(found)
    for subject, found in groupby(sorted(_LIMITS, key=lambda rule: rule.subject), key=lambda rule: rule.subject)
}


def refuse(call: Call) -> Refusal | None:
    """What the service would answer instead of doing it, or None. The model's constraints come first, as on AWS."""
    refused = constraints.refuse(call.service, call.operation, call.parameters)
    if refused is not None:
        return refused
    for rule in _BY_SUBJECT.get(f"{call.service}:{call.operation}", ()):
        if (message := rule.find(call.parameters)) is not None:
            return Refusal(rule.status, rule.code, message, rule.id)
    return None
