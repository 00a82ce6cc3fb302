"""One running environment whose services fail at a test's word; nothing of it outlives the test."""

import json
from collections.abc import Iterator

import pytest

from tests.integration.conftest import Environment
from tests.integration.faults.answers import CLIENTS
from tests.integration.faults.requests import Operation, operations
from tests.integration.faults.shop import Shop, opened, warmed
from tests.integration.faults.switch import Switch
from toolchain.workspace import ROOT


@pytest.fixture
def switch(dev: Environment) -> Iterator[Switch]:
    made = Switch(dev)
    made.clear()  # of a run that was killed
    yield made
    made.clear()


@pytest.fixture
def shop(switch: Switch) -> Iterator[Shop]:
    made = opened(switch.environment)
    warmed(made, CLIENTS)
    yield made
    made.http.close()


@pytest.fixture(scope="session")
def contract() -> list[Operation]:
    return list(operations(json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))))
