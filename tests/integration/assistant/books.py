"""An environment's books as `omnix costs` reads them, and its limits as a test sets them."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from omnix.costs import counters, keys, ledger
from omnix.costs.model import NANO
from omnix.dynamodb import load_item
from ops.costs import calls, reconciling
from ops.costs.books import Books, books
from ops.costs.calls import Call
from ops.costs.reconciliation import Reconciled
from ops.stack import Stack, assembled, parsed_outputs
from tests.integration.faults.switch import Switch

SWEEP = b'{"source": "omnix.assistant.sweep"}'
# A function's 29 s, its lease's margin, and a moment.
LONGEST_LEASE_SECONDS = 40.0


@dataclass(frozen=True)
class Accounts:
    """What the environment of `switch` has spent."""

    switch: Switch

    @property
    def stack(self) -> Stack:
        summary = self.switch.environment.summary
        return assembled(parsed_outputs(summary["outputs"], "the test's"), summary["aws_endpoint_url"])

    @property
    def books(self) -> Books:
        return books(self.stack)

    @property
    def today(self) -> str:
        return datetime.now(UTC).date().isoformat()

    def environment(self) -> dict[str, Any]:
        """The environment's item of this month."""
        return self.books.table.get(*keys.environment(self.today)) or {}

    def committed(self) -> int:
        """Spent and held of this month, nano-dollars."""
        return int(self.environment().get("m", 0))

    def ended(self) -> list[Call]:
        """Every call of the environment that is over."""
        table = self.books.table
        tenants = {row.tenant_id for row in ledger.of_all(table, self.today, self.today)}
        return calls.of_tenants(table, tenants, self.today, self.today)

    def under_way(self) -> int:
        """Holds, and marks in any limits item."""
        client, found = self.switch.environment.client("dynamodb"), 0
        for page in client.get_paginator("scan").paginate(TableName=self.books.table.name):
            items = [load_item(item) for item in page["Items"]]
            found += sum(item.get("entity") == "ai_hold" for item in items)
            found += sum(len(counters.marks(item)) for item in items if item.get("entity") == "ai_limits")
        return found

    def sweep(self) -> int:
        """The schedule's own event to the function; how many reservations it ended."""
        arn = self.stack.outputs.functions["assistant"].alias_arn
        answer = self.switch.environment.client("lambda").invoke(FunctionName=arn, Payload=SWEEP)
        ended: int = json.loads(answer["Payload"].read())["ended"]
        return ended

    def settled(self) -> None:
        """Wait until nothing is under way: what the dead held is ended by the sweep when their time is over."""
        until = time.monotonic() + LONGEST_LEASE_SECONDS
        while self.under_way():
            assert time.monotonic() < until, f"{self.under_way()} holds and marks are left"
            time.sleep(2)
            self.sweep()

    def reconciled(self, *, apply: bool = False) -> Reconciled:
        """Ledger against the record, of today, however young; with `apply` as it is stored after the corrections."""
        stack, own = self.stack, self.books
        group = stack.outputs.invocation_log_group
        assert group, "the environment records calls"
        logs = self.switch.environment.client("logs")
        period = reconciling.Period(self.today, self.today, datetime.now(UTC), timedelta(0))
        found = reconciling.reconcile(own, logs, group, period, lambda _: None)
        if not apply:
            return found
        reconciling.correct(own, found, unrecorded=True, each=lambda _: None)
        return reconciling.reconcile(own, logs, group, period, lambda _: None)

    @contextmanager
    def parameter(self, name: str, value: Mapping[str, Any]) -> Iterator[None]:
        """`bedrock/{name}` has this value, and functions that start cold read it; after that what was."""
        ssm = self.switch.environment.client("ssm")
        path = f"{self.stack.outputs.parameter_prefix}/bedrock/{name}"
        before = ssm.get_parameter(Name=path)["Parameter"]["Value"]
        try:
            ssm.put_parameter(Name=path, Value=json.dumps(value), Type="String", Overwrite=True)
            self.switch.restart()
            yield
        finally:
            ssm.put_parameter(Name=path, Value=before, Type="String", Overwrite=True)
            self.switch.restart()

    def read(self, name: str) -> dict[str, Any]:
        """The value of `bedrock/{name}`."""
        path = f"{self.stack.outputs.parameter_prefix}/bedrock/{name}"
        value = self.switch.environment.client("ssm").get_parameter(Name=path)["Parameter"]["Value"]
        found: dict[str, Any] = json.loads(value)
        return found


def usd(amount: int) -> str:
    """For messages of assertions."""
    return f"{amount / NANO:.6f} USD"
