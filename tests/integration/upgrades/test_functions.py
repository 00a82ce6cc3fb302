"""New code is a new version under the same alias; the old one stays, and no call meets neither."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.integration.upgrades.conftest import Upgrades

type Zips = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def zips(tmp_path: Path) -> Zips:
    """The zips of functions by name, each with the answer that it gives."""

    def make(**answers: str) -> dict[str, dict[str, str]]:
        made = {}
        for name, answer in answers.items():
            path = tmp_path / f"{name}-{answer}.zip"
            entry = zipfile.ZipInfo("handler.py", (1980, 1, 1, 0, 0, 0))  # the same zip whenever it is made
            entry.external_attr = 0o644 << 16
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(entry, f"def handler(event, context):\n    return {answer!r}\n")
            digest = hashlib.sha256(path.read_bytes()).digest()
            made[name] = {"path": str(path), "sha256": base64.b64encode(digest).decode()}
        return made

    return make


def call(upgrades: Upgrades, function: str, qualifier: str = "live") -> Any:
    answer = upgrades.client("lambda").invoke(FunctionName=upgrades.name(function), Qualifier=qualifier)
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


class Caller:
    """Calls a function's alias without pause and keeps what it answered."""

    def __init__(self, upgrades: Upgrades, function: str) -> None:
        self._upgrades, self._function = upgrades, function
        self.answers: list[Any] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            try:
                self.answers.append(call(self._upgrades, self._function))
            except Exception as error:  # noqa: BLE001 - a thread's failure is the test's to show
                self.answers.append(error)

    def __enter__(self) -> "list[Any]":
        self._thread.start()
        return self.answers

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)


def test_new_code_moves_the_alias_and_keeps_the_old_version(upgrades: Upgrades, zips: Zips) -> None:
    upgrades.up("functions", zips=zips(hello="one"))
    with Caller(upgrades, "hello") as answers:
        plan = upgrades.up("functions", zips=zips(hello="two"))
    assert plan.lost() == []
    assert plan.operations() == {
        "delivery-artefact-hello": "update", "hello-lambda-function": "update", "hello-lambda-alias": "update",
    }  # fmt: skip
    assert answers
    assert set(answers) <= {"one", "two"}
    assert answers == sorted(answers), "once the new code has answered, the old one does not again"
    assert (call(upgrades, "hello", "1"), call(upgrades, "hello", "2"), call(upgrades, "hello")) == (
        "one",
        "two",
        "two",
    )
    upgrades.assert_settled("functions", zips=zips(hello="two"))


def test_where_the_deployment_service_moves_the_alias_an_update_only_publishes(upgrades: Upgrades, zips: Zips) -> None:
    upgrades.up("functions", zips=zips(hello="one"), alias_owner="deployment")
    plan = upgrades.up("functions", zips=zips(hello="two"), alias_owner="deployment")
    assert "hello-lambda-alias" not in plan.operations()
    assert (call(upgrades, "hello"), call(upgrades, "hello", "2")) == ("one", "two")
    upgrades.client("lambda").update_alias(FunctionName=upgrades.name("hello"), Name="live", FunctionVersion="2")
    upgrades.up("functions", zips=zips(hello="two"), alias_owner="deployment", memory_mb=256)
    assert call(upgrades, "hello") == "two", "an update put back what the deployment service had moved"


def test_a_function_that_goes_takes_nothing_of_another_with_it(upgrades: Upgrades, zips: Zips) -> None:
    upgrades.up("functions", zips=zips(hello="one", bye="one"))
    with Caller(upgrades, "hello") as answers:
        plan = upgrades.up("functions", zips=zips(hello="one"))
    found = plan.operations()
    assert set(found.values()) == {"delete"}
    assert all("bye" in name for name in found)
    assert set(answers) == {"one"}
    with pytest.raises(upgrades.client("lambda").exceptions.ResourceNotFoundException):
        call(upgrades, "bye")
