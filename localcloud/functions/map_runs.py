"""Distributed maps: moto runs their children, forgets how each ended, and goes on when they failed.

Here a map fails when more of its children failed than it tolerates, and its children are told by ListExecutions (of
`mapRunArn`) and DescribeExecution as AWS tells them.
"""

import datetime
import threading
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.stepfunctions.responses import StepFunctionResponse

type Child = dict[str, Any]


@dataclass
class Children:
    """Of all maps that ran since the cloud started; by their ARNs, DescribeExecution's answers."""

    _found: dict[str, Child] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, child: Child) -> None:
        """One that ended."""
        with self._lock:
            self._found[child["executionArn"]] = child

    def get(self, arn: str) -> Child | None:
        """One by its ARN."""
        return self._found.get(arn)

    def of(self, map_run: str, status: str | None) -> list[Child]:
        """Those of a map run that ended so, the last one first."""
        with self._lock:
            found = list(self._found.values())
        return [one for one in reversed(found) if one["mapRunArn"] == map_run and status in {None, one["status"]}]


def install() -> None:
    """Into moto's interpreter, once it is loaded."""
    children = Children()
    _remember(children)
    _count_failures()
    _find()
    _tell(children)


def tolerated(total: int, count: int, percentage: float) -> int:
    """How many of `total` children may fail: what is given decides, and the stricter of both ("Map state")."""
    given = [count] * (count > 0) + [int(total * percentage / 100)] * (percentage > 0)
    return min(given, default=0)


def _remember(children: Children) -> None:
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
        distributed_item_processor_worker as workers,
    )

    worker: Any = workers.DistributedItemProcessorWorker
    run = worker._eval_job

    def remembered(self: Any, env: Any, job: Any) -> None:
        started = datetime.datetime.now(datetime.UTC)
        run(self, env, job)
        children.add(_child(self._map_run_record, env, started))

    worker._eval_job = remembered


def _child(record: Any, env: Any, started: datetime.datetime) -> Child:
    state = env.program_state()
    error = getattr(state, "error", None)
    details = error if isinstance(error, dict) else {}
    name = str(uuid4())
    machine = str(record.map_state_machine_arn)
    ended = type(state).__name__ == "ProgramEnded"
    child = {
        "executionArn": f"{machine.replace(':stateMachine:', ':execution:')}:{name}",
        "stateMachineArn": machine,
        "mapRunArn": str(record.map_run_arn),
        "name": name,
        "status": "SUCCEEDED" if ended else "FAILED",
        "startDate": started,
        "stopDate": datetime.datetime.now(datetime.UTC),
    }
    return child | {part: details[part] for part in ("error", "cause") if details.get(part)}


def _count_failures() -> None:
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import distributed_iteration_component

    component: Any = distributed_iteration_component.DistributedIterationComponent
    run = component._map_run

    def counted(self: Any, env: Any, eval_input: Any) -> None:
        run(self, env, eval_input)
        items = eval_input.map_run_record.item_counter
        total, failed = items.total.get(), items.total.get() - items.succeeded.get()
        if failed > tolerated(total, eval_input.tolerated_failure_count, eval_input.tolerated_failure_percentage):
            name = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
            cause = "The specified tolerated failure threshold was exceeded"
            # `Any`: moto types a dictionary as whole that never is
            details: Any = {"mapRunFailedEventDetails": {"error": name.error_name, "cause": cause}}
            kind = HistoryEventType.MapRunFailed
            raise FailureEventException(FailureEvent(env=env, error_name=name, event_type=kind, event_details=details))

    component._map_run = counted


def _find() -> None:
    """Maps of executions that have not begun, or that a snapshot brought back without their workers: there are none."""
    from moto.stepfunctions.exceptions import ResourceNotFound
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    def pool(execution: Any) -> list[Any]:
        environment = getattr(execution.exec_worker, "env", None)
        return environment.map_run_record_pool_manager.get_all() if environment else []

    def listed(self: Any, execution_arn: str) -> Child:
        return {"mapRuns": [record.list_item() for record in pool(self.describe_execution(execution_arn))]}

    def described(self: Any, map_run_arn: str) -> Any:
        for execution in self._get_executions():
            for record in pool(execution):
                if record.map_run_arn == map_run_arn:
                    return record.describe()
        raise ResourceNotFound(map_run_arn)

    backend: Any = StepFunctionsParserBackend
    backend.list_map_runs, backend.describe_map_run = listed, described


def _tell(children: Children) -> None:
    api: Any = StepFunctionResponse
    list_executions, describe_execution = api.list_executions, api.describe_execution

    def listed(self: Any) -> Any:
        map_run = self._get_param("mapRunArn")
        if not map_run:
            return list_executions(self)
        found = children.of(map_run, self._get_param("statusFilter"))[: self._get_int_param("maxResults") or 100]
        return ActionResult({"executions": found})

    def described(self: Any) -> Any:
        child = children.get(self._get_param("executionArn"))
        return describe_execution(self) if child is None else ActionResult(child)

    api.list_executions, api.describe_execution = listed, described
