"""A call as faults see it: whose it is and what it needs, as the permission check knows it."""

from localcloud.endpoint.call import Call
from localcloud.enforcement.callers import UnknownKey
from localcloud.enforcement.gate import Gate
from localcloud.enforcement.services import MAPPED
from localcloud.faults.fault import Subject
from localcloud.iam.policy import UnreadablePolicy
from localcloud.persistence.lock import StateLock


def subject(call: Call, gate: Gate, lock: StateLock) -> Subject:
    """Lambda names a function's session after the function."""

    def resources() -> tuple[str, ...]:
        mapper = MAPPED.get(call.service, {}).get(call.operation)
        if mapper is None:
            return ()
        with lock.hold():
            return tuple(dict.fromkeys(need.resource for need in mapper(call, gate.account)))

    return Subject(call.service, call.operation, _function(call, gate, lock), resources, call.region)


def _function(call: Call, gate: Gate, lock: StateLock) -> str | None:
    if call.access_key_id is None:
        return None
    try:
        with lock.hold():
            principal = gate.callers.find(call.access_key_id).principal
    except (UnknownKey, UnreadablePolicy):
        return None  # the gate will say so
    return principal.arn.rpartition("/")[2] if principal.kind == "role" else None
