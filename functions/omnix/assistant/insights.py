"""Insights: a model explains figures that it is given, and what it says without one of them is thrown away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omnix import clock
from omnix.assistant.callers import caller, guardrail
from omnix.assistant.chat import timing
from omnix.assistant.figures import figures, period
from omnix.assistant.insights_model import Insight, InsightsAnswer
from omnix.assistant.prompt import prompt
from omnix.assistant.reading import Said
from omnix.assistant.request import Asked, user
from omnix.authorisation import PEOPLE
from omnix.costs.model import Feature
from omnix.costs.usage import money
from omnix.costs.usage_model import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omnix.assistant.calling import Bill
    from omnix.assistant.insights_model import Figure, InsightsInput
    from omnix.authorisation import Principal

# The stop reason where there is nothing to explain: no model is called.
NOTHING = "no_figures"
_IDS = re.compile(r"\[\s*(f\d+(?:\s*,\s*f\d+)*)\s*\]")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0' ]\d+)*")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


def insights(who: Principal, asked: InsightsInput, request_id: str) -> InsightsAnswer:
    """Forbidden, limit reached, model not allowed, price missing, unavailable."""
    who.require(PEOPLE)
    started = clock.monotonic()
    calls = caller(who, Feature.INSIGHTS, prompt("insights"), request_id, asked.model)
    given = figures(who, asked.topic, asked.days)
    since, until = period(asked.days)
    head = f"Topic: {asked.topic.value}. Period: {asked.days} days, from {since} to {until} (UTC)."
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
    since, until = period(asked.days)
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


def question(head: str, given: Sequence[Figure]) -> str:
    """What the model is told."""
    return "\n".join([head, "", "Figures:", *(f"[{one.id}] {one.label}: {one.value}" for one in given)])


def cited(text: str, given: Sequence[Figure], head: str) -> tuple[list[Insight], int]:
    """The lines that name figures, and how many do not. A line with an id that there is not is no insight."""
    known = {one.id: one for one in given}
    kept: list[Insight] = []
    dropped = 0
    for line in filter(None, map(str.strip, text.splitlines())):
        ids = list(dict.fromkeys(re.findall(r"f\d+", " ".join(_IDS.findall(line)))))
        said = _BULLET.sub("", _IDS.sub("", line)).strip(" ,;")
        if said and ids and all(one in known for one in ids):
            kept.append(Insight(text=said, figures=ids, unverified=_unverified(said, ids, known, head)))
        else:
            dropped += 1
    return kept, dropped


def _unverified(said: str, ids: Iterable[str], known: Mapping[str, Figure], head: str) -> list[str]:
    """Numbers that stand neither in the cited figures nor in the question's head; however they are grouped."""
    sources = " ".join([head, *(f"{known[one].label} {known[one].value}" for one in ids)])
    allowed = set(map(_plain, _NUMBER.findall(sources)))
    return list(dict.fromkeys(number for number in _NUMBER.findall(said) if _plain(number) not in allowed))


def _plain(number: str) -> str:
    """`1,234.50`, `1.234,5` and `1 234.5` are one number: a last group of one or two digits is a fraction."""
    whole, fraction = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", number).groups("")  # type: ignore[union-attr]
    return f"{re.sub(r'\D', '', whole)}.{fraction.rstrip('0')}"
