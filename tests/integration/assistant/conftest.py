"""A running environment, its books, and two shops whose owners talk to the assistant."""

from collections.abc import Iterator

import pytest

from tests.integration.assistant.books import Accounts
from tests.integration.conftest import Environment
from tests.integration.faults.shop import Shop, opened
from tests.integration.faults.switch import Switch


@pytest.fixture
def accounts(dev: Environment) -> Iterator[Accounts]:
    switch = Switch(dev)
    switch.clear()
    yield Accounts(switch)
    switch.clear()


@pytest.fixture
def shop(dev: Environment) -> Iterator[Shop]:
    made = opened(dev)
    yield made
    made.http.close()


@pytest.fixture
def other(dev: Environment) -> Iterator[Shop]:
    """Another tenant's."""
    made = opened(dev)
    yield made
    made.http.close()
