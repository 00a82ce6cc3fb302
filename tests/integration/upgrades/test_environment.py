"""A whole environment that is deployed again under requests: every write that was answered is there afterwards."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Self

import httpx
import yaml

from tests.integration.conftest import Environment
from tests.integration.test_lifecycle import add_product, register
from tests.integration.upgrades.conftest import Plan

CHANGES: dict[str, Any] = {
    "owner": "another-team",
    "logLevel": "INFO",
    "corsOrigins": ["http://localhost:5173", "http://localhost:9000"],
    "throttle": {"rateLimit": 40, "burstLimit": 80},
    "functions": {"api": {"memoryMb": 768}},
    "rotationDays": 45,
    "capacity": {"products": {"readMin": 5, "readMax": 50, "writeMin": 5, "writeMax": 50, "switching": True}},
}


class Poster:
    """Adds products through the API without pause; keeps the ids that were answered, and every other answer."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self.made: list[str] = []
        self.other: list[object] = []

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            product = {"sku": f"SKU-{len(self.made)}", "name": "Oat", "category": "dairy",
                       "price": {"amount": 1, "currency": "EUR"}}  # fmt: skip
            try:
                answer = self._http.post("/products", json=product)
            except httpx.HTTPError as error:
                self.other.append(error)
                continue
            if answer.status_code == 201:
                self.made.append(answer.json()["product_id"])
            else:
                self.other.append((answer.status_code, answer.text))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)


def test_config_of_every_kind_changes_under_requests_without_a_loss(scratch: Callable[[str], Environment]) -> None:
    environment = scratch("dev")
    token = register(environment, "keeper@shop.example")
    before = add_product(environment, token, "BEFORE-1")
    engine = environment.session().engine
    config = yaml.safe_load(environment.workspace.config.read_text(encoding="utf-8"))
    config["config"] |= {f"omnix-ai:{key}": value for key, value in CHANGES.items()}
    environment.workspace.config.write_text(yaml.safe_dump(config), encoding="utf-8")

    plan = Plan.of_preview(engine.capture("preview", "--json"))
    with Poster(environment.http(token)) as poster:
        assert engine.run("up", "--yes", "--skip-preview", "--suppress-outputs", quiet=True) == 0

    assert plan.lost() == []
    assert plan.operations("aws:dynamodb") == {
        f"data-table-{table}": "update" for table in environment.outputs["tables"]
    }, "the owner's tag reaches every table, and changes it in place"
    assert poster.other == []
    for product in (before, *poster.made):
        assert environment.http(token).get(f"/products/{product}").status_code == 200
    summary = environment.http(token).get("/dashboard/summary").json()
    assert summary["products"] == len(poster.made) + 1
