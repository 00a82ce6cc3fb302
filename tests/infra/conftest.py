"""Every stack's recording, made once a session: the whole composed environment, drained."""

from collections.abc import Callable
from functools import cache

import pulumi
import pytest

from components.environment import Inputs, compose
from tests.infra.recording import Recording, record
from tests.infra.stacks import artefacts, contract, stack_config


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
