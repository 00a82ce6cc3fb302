"""One answer of a model, under the cost guard: money is kept first, then models are tried in their order of preference.

Each attempt that may have been paid has a reservation of its own. A model that is busy is tried again after a pause of
full jitter on the same reservation; one that stays so, is denied, silent or broken is followed by the next. One that
was silent is left alone for a minute (`omnix.assistant.breaker`).
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from omnix import aws, clock, deadline, logs
from omnix.assistant.breaker import Breaker, breaker
from omnix.assistant.failures import Failure, Paid, Then, judge
from omnix.assistant.reading import CUT_OFF, Reader, Said
from omnix.assistant.request import metadata, request
from omnix.costs import bound
from omnix.costs.model import Outcome, Usage
from omnix.errors import ApiError, InternalError, LimitReachedError, UnavailableError, ValidationFailedError
from omnix.http import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omnix.assistant.request import Asked
    from omnix.authorisation import Principal
    from omnix.costs.guard import Guard
    from omnix.costs.model import Feature, Model, Reservation, Settled

# Settling takes some writes, the answer one more: none of them begins with less than `aws.ATTEMPT_SECONDS` left.
MARGIN_SECONDS = aws.ATTEMPT_SECONDS + 1.0
# How long a model may be silent before its first word: the longest for which there is time.
SILENCES = (12.0, 8.0, 4.0)
ATTEMPTS = 3
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 2.0
_UNUSABLE = frozenset({"malformed_model_output", "malformed_tool_use"})
_TROUBLE = (ClientError, BotoCoreError, HTTPError, OSError)


@dataclass
class Bill:
    """What a piece of work has cost so far, lapsed calls in full (nano-dollars), and its wait for models.

    `answers` are the calls that a model answered in a way that can be used.
    """

    usage: Usage = field(default_factory=Usage)
    cost: int = 0
    calls: int = 0
    model_ms: int = 0
    first_token_ms: int | None = None
    stand_in: bool = False
    answers: list[tuple[Reservation, Settled]] = field(default_factory=list)

    def add(self, settled: Settled, said: Said) -> None:
        """One more call."""
        self.usage, self.cost, self.calls = self.usage + settled.usage, self.cost + settled.cost, self.calls + 1
        self.model_ms += said.model_ms
        self.stand_in = self.stand_in or said.stand_in
        if self.first_token_ms is None:
            self.first_token_ms = said.first_token_ms


@dataclass(frozen=True)
class Answer:
    """What a model said, and which one."""

    said: Said
    model: Model


@dataclass(frozen=True)
class Caller:
    """Calls models for one principal and feature. `models`: in their order of preference, those with prices that can
    do it.

    `runtime` gives a client by the silence that it bears; `prompt` names the prompt and its version, for the log.
    """

    guard: Guard
    runtime: Callable[[float], Any]
    models: Sequence[Model]
    who: Principal
    feature: Feature
    max_output: int
    request_id: str
    prompt: str
    breaker: Breaker = field(default_factory=breaker)
    bill: Bill = field(default_factory=Bill)

    def ask(self, asked: Asked) -> Answer:
        """Raises LimitReachedError, UnavailableError; validation failed for more than every model can read."""
        failures: list[Failure] = []
        short: ApiError | None = None
        for model in self.models:
            if self.breaker.rests(model.model_id, clock.monotonic()):
                failures.append(_RESTS)
                continue
            try:
                said = self._ask(model, asked, failures)
            except LimitReachedError as refused:
                if all(failure is _RESTS for failure in failures):
                    raise
                short = refused  # a model that costs less may come
                continue
            if said is not None:
                return Answer(said, model)
            if failures[-1].then is Then.END:
                break
        # no longer than until the first of them may be asked again; 0: one may be at once
        rests = [self.breaker.rests(model.model_id, clock.monotonic()) for model in self.models]
        raise short or _gave_up(failures, min(rests, default=0))

    def in_vain(self) -> None:
        """What was answered so far led to nothing: it is waste in the ledger."""
        self.guard.unread(self.bill.answers)

    def _ask(self, model: Model, asked: Asked, failures: list[Failure]) -> Said | None:
        """None, with the reason in `failures`, where another model is to be asked."""
        if _silence(_left()) is None:
            failures.append(_NO_TIME)
            return None
        made = request(asked, model, self.max_output)
        reserved = self.guard.reserve(
            tenant_id=self.who.tenant_id,
            user_id=self.who.user_id,
            feature=self.feature,
            model=model,
            input_tokens=bound.upper(made),
            max_output=made["inferenceConfig"]["maxTokens"],
            request_id=self.request_id,
            exact=lambda: bound.exact(self.runtime(SILENCES[-1]), model, made),
        )
        try:
            failure, said, attempts = self._attempts(made, reserved)
        except BaseException:
            # a defect of ours: what the model did is not known
            self.bill.add(self.guard.lapse(reserved, "Defect"), Said())
            raise
        if failure is None:
            return self._settle(reserved, said, failures)
        failures.append(failure)
        if failure.silent and (not said.began or _left() > 0):
            # an answer that begins and is not whole in time was cut off by us
            self.breaker.silent(model.model_id, clock.monotonic())
        if failure.paid is Paid.NO:
            ended = self.guard.release(reserved, failure.reason)
        else:
            ended = self.guard.lapse(reserved, failure.reason, attempts)
        self.bill.add(ended, said)
        self._log(reserved, said, failure.reason)
        return None

    def _attempts(self, made: dict[str, Any], reserved: Reservation) -> tuple[Failure | None, Said, int]:
        """Until the model has answered, or will not soon, or may have been paid; and how many attempts that took."""
        attempt = 1
        while True:
            made["requestMetadata"] = metadata(reserved, os.environ["OMNIX_ENVIRONMENT"], attempt)
            failure, said = self._attempt(made)
            if failure is None or failure.then is not Then.AGAIN or attempt == ATTEMPTS:
                return failure, said, attempt
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))))
            attempt += 1

    def _attempt(self, made: dict[str, Any]) -> tuple[Failure | None, Said]:
        """One call. An answer that time cuts off counts as one if there is a text in it."""
        left = _left()
        silence = _silence(left)
        if silence is None:
            return _NO_TIME, Said()
        started = clock.monotonic()
        reader = Reader(started, started + left)
        try:
            said = reader.read(self.runtime(silence).converse_stream(**made))
        except _TROUBLE as error:
            said = reader.said
            if said.text and clock.monotonic() >= started + left:
                said.stop_reason = CUT_OFF
                return None, said
            failure = judge(error, began=said.began)
            logger.warning("a model call failed", extra={"failure": failure.reason, **logs.failure(error)})
            return failure, said
        if not said.stop_reason or (said.stop_reason == CUT_OFF and not said.text):
            return Failure("Incomplete", Paid.UNKNOWN, Then.NEXT), said
        return None, said

    def _settle(self, reserved: Reservation, said: Said, failures: list[Failure]) -> Said | None:
        if said.usage is None:
            settled = self.guard.lapse(reserved, said.stop_reason)
        else:
            settled = self.guard.settle(
                reserved,
                Usage.of_converse(said.usage),
                stop_reason=said.stop_reason,
                latency_ms=said.model_ms,
                discarded=said.stop_reason in _UNUSABLE,
            )
        self.bill.add(settled, said)
        self._log(reserved, said, said.stop_reason)
        if said.stop_reason in _UNUSABLE:
            failures.append(Failure(said.stop_reason, Paid.UNKNOWN, Then.NEXT))
            return None
        if settled.outcome is Outcome.SETTLED:
            self.bill.answers.append((reserved, settled))
        return said

    def _log(self, reserved: Reservation, said: Said, ended: str) -> None:
        logger.info(
            "model call",
            extra={
                "reservation_id": reserved.reservation_id,
                "feature": reserved.feature.value,
                "model": reserved.model_id,
                "prompt": self.prompt,
                "ended": ended,
                "model_ms": said.model_ms,
                "first_token_ms": said.first_token_ms,
            },
        )


_NO_TIME = Failure("OutOfTime", Paid.NO, Then.END)
_RESTS = Failure("Silent", Paid.NO, Then.NEXT)


def _left() -> float:
    """Seconds for models, with what comes after them taken off."""
    return deadline.remaining() - MARGIN_SECONDS


def _silence(left: float) -> float | None:
    return next((one for one in SILENCES if one <= left), None)


def _gave_up(failures: Sequence[Failure], rests: int) -> ApiError:
    """What the caller is told: reasons are codes of the service's, texts stay in its log.

    `rests`: for how many seconds no model will be asked.
    """
    if any(failure.too_long for failure in failures):
        fault = {"location": "body", "reason": "too_long", "message": "more than the model can read"}
        return ValidationFailedError("The conversation is too long for the model. Begin a new one.", [fault])
    if failures and all(failure.reason == "ValidationException" for failure in failures):
        return InternalError()  # no model takes what we make
    made = UnavailableError("No model answered. Try again in a moment.")
    made.details = [{"reason": failure.reason} for failure in failures] or [{"reason": "NoModel"}]
    if rests:
        made.headers["Retry-After"] = str(rests)
    return made
