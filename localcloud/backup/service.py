"""The APIs as the endpoint sees them: which calls are answered here, and with what."""

import logging
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from localcloud.backup import corruption, state, tables
from localcloud.backup.announcing import Announcer
from localcloud.backup.jobs import Jobs
from localcloud.backup.refused import Refused, missing
from localcloud.backup.state import RegionState
from localcloud.endpoint.call import Call
from localcloud.enforcement.acting import Acting
from localcloud.faults import BadFaultError, Faults, Subject
from localcloud.faults.fault import MOST_SECONDS
from localcloud.limits import Refusal
from localcloud.persistence.lock import StateLock

_LOG = logging.getLogger(__name__)

type Document = dict[str, Any]
type Answer = tuple[str, list[tuple[str, str]], bytes]
type Operation = Callable[[Backup, Call], Mapping[str, Any]]


class Backup:
    """All operations run under the state lock; jobs take it for their steps."""

    def __init__(self, acting: Acting, lock: StateLock, changed: Callable[[], None]) -> None:
        self.acting = acting
        self.account = acting.gate.account
        self.lock = lock
        self.changed = changed
        self.announcer = Announcer(acting, lock)
        self.faults = Faults()
        self.jobs = Jobs()
        self._operations: dict[tuple[str, str], Operation] = {}

    def add(self, service: str, operations: Mapping[str, Operation]) -> None:
        """Answer these operations of a service here."""
        self._operations |= {(service, name): operation for name, operation in operations.items()}

    def close(self) -> None:
        """Wait for no job: what is under way starts again with the cloud."""
        self.jobs.close()

    def region(self, name: str) -> RegionState:
        """A region's recovery points and jobs."""
        return state.of(self.account.backend("backup", name))

    def vault(self, name: str, region: str) -> Any:
        """The vault as moto keeps it. Raises `Refused`."""
        found = self.account.backend("backup", region).vaults.get(name)
        if found is None:
            raise missing(f"Backup vault {name} not found.")
        return found

    def corrupt(self, document: Mapping[str, Any]) -> Document:
        """Damage a recovery point as a document says; what was done. Raises ValueError."""
        wanted = corruption.parse(document)
        with self.lock.hold():
            state = self.region(wanted.point.split(":")[3])
            point = state.points.get(wanted.point)
            if point is None or point.contents is None:
                raise BadFaultError(f"there is no recovery point {wanted.point} that is complete")
            point.contents, done = corruption.corrupted(point.contents, point.definition, wanted)
        self.changed()
        return {"resource": wanted.point, **done}

    def disturbed(self, operation: str, region: str, resources: tuple[str, ...]) -> str | None:
        """What a fault that was set does to a job that begins: it waits here, or the job fails for this reason."""
        active = self.faults.choose(Subject("backup", operation, None, lambda: resources, region))
        if active is None:
            return None
        match active.fault.kind:
            case "throttle":
                return "Rate exceeded: the request was throttled by DynamoDB."
            case "fail":
                return "AWS Backup encountered an internal error. Try again."
            case _:
                active.over.wait(active.fault.seconds or MOST_SECONDS)
        return None

    def answer(self, call: Call, content_type: str) -> Answer | Refusal | None:
        """The answer, or AWS's refusal; None for a call that is moto's."""
        operation = self._operations.get((call.service, call.operation))
        if operation is None:
            return tables.refused(self.account, call) if call.service == "dynamodb" else None
        try:
            return _serialized(call, operation(self, call), content_type)
        except Refused as refused:
            return Refusal(refused.status, refused.code, refused.message, "backup")


def _serialized(call: Call, result: Mapping[str, Any], content_type: str) -> Answer:
    operation = get_service_model(call.service).operation_model(call.operation)
    protocol = determine_request_protocol(operation.service_model, content_type or None)
    written = get_serializer_class(call.service, protocol)(operation).serialize(dict(result))
    body = written["body"].encode() if isinstance(written["body"], str) else bytes(written["body"])
    status = HTTPStatus(operation.http.get("responseCode", 200))
    headers = {name: str(value) for name, value in written["headers"].items()}
    headers |= {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Length": str(len(body))}
    return f"{status.value} {status.phrase}", list(headers.items()), body
