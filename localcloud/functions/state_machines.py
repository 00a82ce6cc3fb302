"""Step Functions: moto's interpreter runs the definitions; here are the hands it works with.

moto leaves its interpreter off, lets it call port 5000 with keys that nobody checks, and cannot save an execution that
runs. Here its calls come to this cloud's own endpoint with credentials of the state machine's role: what the role may
not do, a state fails with, and a function is the deployed one, in a process of its own.
"""

import datetime
import sys
import threading
from typing import Any

import boto3
from botocore.config import Config
from moto.stepfunctions import models, responses

from localcloud.functions import map_runs
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
    map_runs.install()
    backends: Any = parser_models.stepfunctions_parser_backends
    for account_id, regions in models.stepfunctions_backends.items():
        backends[account_id].update(regions)
    vars(models)["stepfunctions_backends"] = backends
    return backends


def _callers() -> list[Any]:
    """Moto's modules that make clients."""
    found = [module for name, module in sys.modules.items() if name.startswith("moto.stepfunctions.parser.")]
    return [module for module in found if "boto_client_for" in vars(module)]


def _at_rest(execution: Any) -> dict[str, Any]:
    """An execution for the snapshot: its threads are not in it, and one that runs will have been ended."""
    from moto.stepfunctions.parser.api import ExecutionStatus

    state = {**vars(execution), "exec_worker": None}
    if execution.exec_status == ExecutionStatus.RUNNING:
        ended = {"exec_status": ExecutionStatus.ABORTED, "stop_date": datetime.datetime.now(datetime.UTC)}
        state |= {**ended, "error": "States.Runtime", "cause": _STOPPED}
    return state
