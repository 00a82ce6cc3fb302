"""Every stack's recording, made once a session: the whole composed environment, drained."""

from collections.abc import Callable
from functools import cache

import pulumi
import pytest

from components.environment import Inputs, compose
from tests.infra.recording import Recording, record
from tests.infra.seeded import summary
from tests.infra.stacks import STACKS, artefacts, contract, stack_config


@cache
def _record(stack: str) -> Recording:
    config = stack_config(stack)

    def program() -> None:
        for name, value in compose(Inputs(config, artefacts(), contract())).items():
            pulumi.export(name, value)

    return record(program, stack=stack, account_id=config.account_id)


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Recording]:
    """`recorded("prod")`: all that the stack `prod` registers, from its committed config."""
    return _record


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    """Each stack in turn."""
    name: str = request.param
    return name


@pytest.fixture
def recording(recorded: Callable[[str], Recording], stack: str) -> Recording:
    """All that the stack of this run of the test registers."""
    return recorded(stack)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Here, not beside the seeds: with xdist only the conftest of the folder that was asked for is read."""
    summary.summarise(terminalreporter)
