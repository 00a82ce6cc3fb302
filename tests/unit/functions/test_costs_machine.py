"""The cost guard under any interleaving of calls, deaths between two writes, lost answers, late writes and time.

Each operation runs in a thread of its own that waits before every call of DynamoDB until the machine lets it go.
"""

import contextlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from omnix import clock
from omnix.costs import closing, counters, holds, keys, ledger, metrics
from omnix.costs import limits as costs_limits
from omnix.costs.guard import Guard
from omnix.costs.holds import HELD, Verdict
from omnix.costs.model import Feature, Outcome, Reservation, Usage
from omnix.costs.sweeping import lapsed_marks
from omnix.errors import LimitReachedError, UnavailableError
from tests.unit.functions.costs_table import Client, limits, model

START = 1_795_391_940  # 2026-11-22T23:59:00Z
TENANTS = ("t1", "t2")
MODEL = model()
LIMITS = limits(
    environment={"daily": 18_000_000, "monthly": 28_000_000},
    features={"chat": {"daily": 14_000_000}, "insights": {"monthly": 12_000_000}},
    tenant={"daily": 12_000_000, "monthly": 20_000_000},
    tenants={"t2": {"monthly": 11_000_000}},
)
SECONDS = 20.0


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class Worker(threading.Thread):
    """One operation. It waits before each of its calls."""

    def __init__(self, run: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.run_, self.fault = run, ""
        self.go, self.stopped = threading.Semaphore(0), threading.Semaphore(0)
        self.result: Any = None
        self.over = False
        self.wrong: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.run_()
        except (LimitReachedError, UnavailableError, EndpointConnectionError) as error:
            self.result = error
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - the machine raises it
            self.wrong = error
        self.over = True
        self.stopped.release()

    def step(self, fault: str) -> None:
        self.fault = fault
        self.go.release()
        assert self.stopped.acquire(timeout=SECONDS)
        if self.wrong:
            raise self.wrong


class Costs(RuleBasedStateMachine):
    """`reservations` are those that the guard gave; `paid` what a model was really paid for each."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.now = START
        self.patch.setattr(clock, "epoch_seconds", lambda: self.now)
        numbers = itertools.count()
        self.patch.setattr(keys, "new_id", lambda ends: f"{keys.until(ends)}{next(numbers):08d}")
        self.patch.setattr("time.sleep", lambda _: None)
        self.patch.setattr(metrics, "_write", lambda *_: None)
        self.patch.setattr(closing, "CALLS_KEPT_SECONDS", 10**9)
        for module in ("omnix.costs.keeping", "omnix.costs.guard"):
            self.patch.setattr(f"{module}._logger.warning", lambda *_, **__: None)
            self.patch.setattr(f"{module}._logger.error", lambda *_, **__: None)
        self.client = Client()
        self.client.before, self.client.after = self.meet, self.lose
        self.guard = Guard(self.client.table, lambda: LIMITS)
        self.workers: list[Worker] = []
        self.late: list[Callable[[], Any]] = []
        self.reservations: dict[str, Reservation] = {}
        self.paid: dict[str, Usage] = {}
        self.told: set[str] = set()

    def teardown(self) -> None:
        try:
            self.everything_ends()
        finally:
            self.client.before = self.client.after = lambda *_: None
            self.patch.undo()

    # what happens to a call of DynamoDB

    def meet(self, _: str, run: Callable[[], Any]) -> None:
        worker = threading.current_thread()
        if not isinstance(worker, Worker):
            return
        worker.stopped.release()
        worker.go.acquire()
        match worker.fault:
            case "killed before":
                raise Killed
            case "lost before":
                raise EndpointConnectionError(endpoint_url="x")
            case "late":
                self.late.append(run)
                raise EndpointConnectionError(endpoint_url="x")
            case "sent twice":
                self.quietly(run)  # botocore heard nothing of the first and sends it again

    def lose(self, *_: object) -> None:
        worker = threading.current_thread()
        if isinstance(worker, Worker) and worker.fault == "killed after":
            raise Killed
        if isinstance(worker, Worker) and worker.fault == "lost after":
            raise EndpointConnectionError(endpoint_url="x")

    @staticmethod
    def quietly(run: Callable[[], Any]) -> None:
        with contextlib.suppress(Exception):  # a late or repeated write that is refused tells nobody
            run()

    def start(self, run: Callable[[], Any]) -> None:
        worker = Worker(run)
        self.workers.append(worker)
        worker.start()
        assert worker.stopped.acquire(timeout=SECONDS)

    # what the platform does

    @rule(
        tenant=st.sampled_from(TENANTS),
        feature=st.sampled_from(list(Feature)),
        tokens=st.integers(1, 4000),
        output=st.integers(1, 1200),
        exact=st.sampled_from([None, 1, 2]),
    )
    def reserve(self, tenant: str, feature: Feature, tokens: int, output: int, exact: int | None) -> None:
        def run() -> None:
            made = self.guard.reserve(
                tenant_id=tenant, user_id="u", feature=feature, model=MODEL, input_tokens=tokens, max_output=output,
                request_id="r", exact=(lambda: tokens // exact) if exact else None,
            )  # fmt: skip
            self.reservations[made.reservation_id] = made

        self.start(run)

    @precondition(lambda self: self.reservations.keys() - self.told)
    @rule(
        data=st.data(), how=st.sampled_from(["settle", "settle", "settle", "release", "lapse"]), share=st.floats(0, 1),
        stop=st.sampled_from(["end_turn", "max_tokens", "tool_use", "guardrail_intervened"]),
    )  # fmt: skip
    def end(self, data: st.DataObject, how: str, share: float, stop: str) -> None:
        one = data.draw(st.sampled_from(sorted(self.reservations.keys() - self.told)))
        self.told.add(one)
        reserved = self.reservations[one]
        used = Usage(input=int(reserved.input_tokens * share) + 1, output=int(reserved.max_output * share))
        used = Usage(min(used.input, reserved.input_tokens), used.output)
        match how:
            case "settle":
                self.paid[one] = used
                self.start(lambda: self.guard.settle(reserved, used, stop_reason=stop, latency_ms=7))
            case "release":
                self.paid[one] = Usage()
                self.start(lambda: self.guard.release(reserved, "throttled"))
            case _:
                self.start(lambda: self.guard.lapse(reserved, "read time-out"))

    @precondition(lambda self: self.client.of("ai_hold"))
    @rule()
    def sweep(self) -> None:
        self.start(self.guard.sweep)

    @precondition(lambda self: any(not worker.over for worker in self.workers))
    @rule(
        data=st.data(),
        before=st.integers(0, 5),
        fault=st.sampled_from(["", "sent twice", "killed before", "killed after", "lost before", "lost after", "late"]),
        after=st.sampled_from([0, 0, 3, 50]),
    )
    def go_on(self, data: st.DataObject, before: int, fault: str, after: int) -> None:
        """One operation makes its next calls, one of which may meet a fault."""
        busy = [number for number, worker in enumerate(self.workers) if not worker.over]
        worker = self.workers[data.draw(st.sampled_from(busy))]
        for each in [*[""] * before, fault, *[""] * after]:
            if not worker.over:
                worker.step(each)

    @precondition(lambda self: self.late)
    @rule()
    def land(self) -> None:
        """A write arrives that everybody had given up."""
        self.quietly(self.late.pop(0))

    @rule(seconds=st.sampled_from([1, 1, 1, 30, 61, 906]))
    def wait(self, seconds: int) -> None:
        """Processes may be frozen for longer than their leases."""
        self.now += seconds

    # what must be so at every moment

    @invariant()
    def no_limit_is_passed(self) -> None:
        for item in self.client.of("ai_limits"):
            tenant = item["pk"].removeprefix("TENANT#") if item["sk"] != keys.ENVIRONMENT else None
            bounds = [("", LIMITS.of_tenant(tenant) if tenant else LIMITS.environment)]
            bounds += [] if tenant else [(f"{name.value}_", bound) for name, bound in LIMITS.features.items()]
            for prefix, bound in bounds:
                for name, amount in item.items():
                    most = bound.monthly if name == f"{prefix}m" else bound.daily
                    is_counter = name == f"{prefix}m" or (name[:-2] == f"{prefix}d" and name[-2:].isdigit())
                    assert not is_counter or most is None or 0 <= amount <= most, (item["pk"], name, amount)

    @invariant()
    def committed_is_spent_and_held(self) -> None:
        for item in self.client.of("ai_limits"):
            whole = item["sk"] == keys.ENVIRONMENT
            expected: Counter[str] = Counter()
            for mark, amount in counters.marks(item).values():
                for name in costs_limits.attributes(mark.feature if whole else None, f"2026-11-{mark.day}"):
                    expected[name] += amount
            for reserved, cost in self.decided():
                place = keys.environment(reserved.day) if whole else keys.tenant(reserved.tenant_id, reserved.day)
                if place == (item["pk"], item["sk"]) and closing.mark_of(reserved).name not in item:
                    for name in costs_limits.attributes(reserved.feature if whole else None, reserved.day):
                        expected[name] += cost
            names = {name for name in item if name.rpartition("_")[2][:1] in {"m", "d"} and type(item[name]) is int}
            assert {name: item[name] for name in names if item[name]} == +expected, item["pk"]

    def decided(self) -> list[tuple[Reservation, int]]:
        """Every call that a verdict was given on, and its cost by it."""
        calls = [(holds.reservation(one), one["cost"]) for one in self.client.of("ai_call")]
        known = {reserved.reservation_id for reserved, _ in calls}
        open_ = [one for one in self.client.of("ai_hold") if one["state"] != HELD and one["sk"] not in known]
        return calls + [(holds.reservation(one), one["verdict"]["cost"]) for one in open_]

    @invariant()
    def the_ledger_is_the_sum_of_the_calls(self) -> None:
        expected: dict[tuple[str, ...], Counter[str]] = {}
        for call in self.client.of("ai_call"):
            verdict = Verdict.read(call["outcome"], call)
            place = (call["tenant_id"], call["day"], call["feature"], call["model_id"])
            expected.setdefault(place, Counter()).update(ledger.counted(verdict, call["amount"]))
        for prefix in ("TENANT#", keys.LEDGER):
            items = [item for item in self.client.of("ai_ledger") if item["pk"].startswith(prefix)]
            found = {
                (row.tenant_id, row.day, row.feature, row.model_id): +(row.counts - Counter(
                    {ledger.REFUSED: row.counts[ledger.REFUSED]}
                ))
                for row in ledger.merged(items)
            }  # fmt: skip
            assert {place: counts for place, counts in found.items() if counts} == {
                place: +counts for place, counts in expected.items()
            }

    def everything_ends(self) -> None:
        """All go on or die where they are, late writes land, leases end, the sweep runs, callers come by."""
        for number, worker in enumerate(self.workers):
            while not worker.over:
                worker.step("killed before" if number % 3 == 0 else "")
        for run in self.late:
            self.quietly(run)
        self.now += 1000
        self.guard.sweep()
        for item in self.client.of("ai_limits"):
            for place in lapsed_marks((item["pk"], item["sk"]), item):
                closing.tidy(self.client.table(), *place)  # as a caller of the tenant does in passing
        assert not self.client.of("ai_hold")
        calls = {item["reservation_id"]: item for item in self.client.of("ai_call")}
        for item in self.client.of("ai_limits"):
            assert not counters.marks(item), "every reservation is ended, in every counter"
        for one, reserved in self.reservations.items():
            call = calls[one]
            paid = reserved.prices.cost(self.paid[one]) if one in self.paid else 0
            assert paid <= call["cost"] <= reserved.amount, "nothing that was paid for is missing"
            if call["outcome"] != Outcome.LAPSED:
                assert call["cost"] == paid
        self.no_limit_is_passed()
        self.committed_is_spent_and_held()
        self.the_ledger_is_the_sum_of_the_calls()


TestCosts = Costs.TestCase
TestCosts.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
