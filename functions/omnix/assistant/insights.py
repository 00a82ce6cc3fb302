"""Insights: a model explains figures that it is given, and what it says without one of them is thrown away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix import clock
from omnix.assistant.callers import caller, guardrail
from omnix.assistant.chat import timing
from omnix.assistant.citing import cited
from omnix.assistant.figures import AS_OF_TODAY, figures, period
from omnix.assistant.insights_model import InsightsAnswer
from omnix.assistant.prompt import prompt
from omnix.assistant.reading import Said
from omnix.assistant.request import Asked, user
from omnix.authorisation import PEOPLE
from omnix.costs.model import Feature
from omnix.costs.usage import money
from omnix.costs.usage_model import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omnix.assistant.calling import Bill
    from omnix.assistant.insights_model import Figure, InsightsInput, Topic
    from omnix.authorisation import Principal

# The stop reason where there is nothing to explain: no model is called.
NOTHING = "no_figures"


def insights(who: Principal, asked: InsightsInput, request_id: str) -> InsightsAnswer:
    """Forbidden, limit reached, model not allowed, price missing, unavailable."""
    who.require(PEOPLE)
    started = clock.monotonic()
    calls = caller(who, Feature.INSIGHTS, prompt("insights"), request_id, asked.model)
    given = figures(who, asked.topic, asked.days)
    head = heading(asked.topic, asked.days)
    if not given:
        return _answer(asked, head, given, Said(stop_reason=NOTHING), None, calls.bill, started)
    answer = calls.ask(
        Asked(
            system=prompt("insights").text,
            context="",
            messages=[user({"text": question(head, given)})],
            guardrail=guardrail(),
        )
    )
    return _answer(asked, head, given, answer.said, answer.model.model_id, calls.bill, started)


def _answer(
    asked: InsightsInput,
    head: str,
    given: list[Figure],
    said: Said,
    model: str | None,
    bill: Bill,
    started: float,
) -> InsightsAnswer:
    since, until = period(asked.topic, asked.days)
    kept, dropped = cited(said.text, given, head)
    return InsightsAnswer(
        topic=asked.topic,
        since=since,
        until=until,
        figures=given,
        insights=kept,
        dropped=dropped,
        stop_reason=said.stop_reason,
        model=model,
        usage=Tokens(**bill.usage.tokens()),
        cost=money(bill.cost),
        timing=timing(bill, started),
        stand_in=bill.stand_in,
    )


def heading(topic: Topic, days: int) -> str:
    """What the figures are about and when."""
    since, until = period(topic, days)
    when = f"As of {until} (UTC)" if topic in AS_OF_TODAY else f"Period: {days} days, from {since} to {until} (UTC)"
    return f"Topic: {topic.value}. {when}."


def question(head: str, given: Sequence[Figure]) -> str:
    """What the model is told."""
    return "\n".join([head, "", "Figures:", *(f"[{one.id}] {one.label}: {one.value}" for one in given)])
