"""Step Functions: moto's interpreter runs the definitions; here are the hands it works with.

moto leaves its interpreter off, lets it call port 5000 with keys that nobody checks, and cannot save an execution that
runs. Here its calls come to this cloud's own endpoint with credentials of the state machine's role: what the role may
not do, a state fails with, and a function is the deployed one, in a process of its own.
"""

import sys
import threading
from typing import Any

import boto3
from botocore.config import Config
from moto.stepfunctions import models, responses

from localcloud.functions.role import RoleSessions

# A task waits for its answer as long as a function may run: 15 minutes ("Lambda quotas").
_ANSWER_SECONDS = 910
_SESSION = "StepFunctions"
_STOPPED = "the local cloud was stopped while it ran"


def install(sessions: RoleSessions, endpoint_url: str) -> None:
    """Run state machines by calls to `endpoint_url`.

    The interpreter is 140 MB and a second of imports: it is loaded with the first call that is for it.
    """
    clients = _Clients(sessions, endpoint_url)
    loading = threading.Lock()
    loaded: list[Any] = []

    def backend(account_id: str, region: str) -> Any:
        with loading:
            if not loaded:
                loaded.append(_interpreter(clients))
        return loaded[0][account_id][region]

    vars(responses)["get_backend"] = backend


class _Clients:
    """The interpreter's clients, by role, region and service."""

    def __init__(self, sessions: RoleSessions, endpoint_url: str) -> None:
        self._sessions = sessions
        self._endpoint_url = endpoint_url
        self._mutex = threading.Lock()

    def client(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """As moto's `boto_client_for`: a client that acts with the role of `state_credentials`."""
        keys = self._sessions.credentials(state_credentials.role_arn, _SESSION, region)
        session = boto3.Session(keys.access_key_id, keys.secret_access_key, keys.session_token, region)
        config = Config(
            parameter_validation=False,
            retries={"total_max_attempts": 1},  # a state's own `Retry` decides
            read_timeout=_ANSWER_SECONDS,
            s3={"addressing_style": "path"},
        )
        # `Any`: the stubs' overloads want a literal service name
        open_client: Any = session.client
        with self._mutex:  # botocore's loaders are not safe to use from several threads at once
            return open_client(service, endpoint_url=self._endpoint_url, config=config)


def _interpreter(clients: _Clients) -> Any:
    """The interpreter's backends, with what a snapshot put back; from now on they are what is saved."""
    from moto.stepfunctions.parser import models as parser_models
    from moto.stepfunctions.parser.backend.execution import Execution

    execution: Any = Execution
    execution.__getstate__ = _at_rest
    for module in _callers():
        vars(module)["boto_client_for"] = clients.client
    _count_failures()
    backends: Any = parser_models.stepfunctions_parser_backends
    for account_id, regions in models.stepfunctions_backends.items():
        backends[account_id].update(regions)
    vars(models)["stepfunctions_backends"] = backends
    return backends


def _count_failures() -> None:
    """A distributed map fails when more of its children failed than it tolerates: by itself moto's goes on."""
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
            cause = f"{failed} of {total} items failed"
            # `Any`: moto types a dictionary as whole that never is
            details: Any = {"mapRunFailedEventDetails": {"error": name.error_name, "cause": cause}}
            kind = HistoryEventType.MapRunFailed
            raise FailureEventException(FailureEvent(env=env, error_name=name, event_type=kind, event_details=details))

    component._map_run = counted


def tolerated(total: int, count: int, percentage: float) -> int:
    """How many of `total` children may fail: what is given decides, and the stricter of both ("Map state")."""
    given = [count] * (count > 0) + [int(total * percentage / 100)] * (percentage > 0)
    return min(given, default=0)


def _callers() -> list[Any]:
    """Moto's modules that make clients."""
    found = [module for name, module in sys.modules.items() if name.startswith("moto.stepfunctions.parser.")]
    return [module for module in found if "boto_client_for" in vars(module)]


def _at_rest(execution: Any) -> dict[str, Any]:
    """An execution for the snapshot: its threads are not in it, and one that runs will have been ended."""
    state = {**vars(execution), "exec_worker": None}
    if execution.exec_status == "RUNNING":
        state |= {"exec_status": "ABORTED", "error": "States.Runtime", "cause": _STOPPED}
    return state
