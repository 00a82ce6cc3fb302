"""A change that waits for the user's word: done once, by nobody else, and not lost with a function or an answer."""

from typing import Any

import pytest

from omnix import clock
from omnix.errors import UnavailableError
from omnix.tools import registry
from tests.unit.functions import shop
from tests.unit.functions.bedrock import Models, calls, said
from tests.unit.functions.conftest import Answer
from tests.unit.functions.test_assistant_chat import adjust, confirm, results, say


@pytest.fixture
def waiting(models: Models) -> tuple[str, Answer]:
    """A product with nine units, and the answer in which five more wait for the user's word."""
    product = shop.product("TEA")
    shop.stock(product, 9)
    models.script = [calls(adjust(product)), said("Five more wait for you.")]
    return product, say("Five more came in.")


def test_a_change_waits_and_is_done_once_when_the_user_says_so(models: Models, waiting: tuple[str, Answer]) -> None:
    product, answer = waiting
    pending, known = answer.json["pending"], answer.json["conversation_id"]
    assert shop.level(product)[0] == 9
    assert (pending["tool"], pending["arguments"]["quantity"]) == ("adjust_stock", 5)
    assert "waiting" in results(models.requests[1])[0]
    done = confirm(known, pending["action_id"])
    assert (done.status, done.json["result"]["on_hand"]) == (200, 14)
    assert (done.json["model"], done.json["cost"]["nano_usd"]) == (None, 0)
    say("Thanks.", conversation_id=known)
    assert "Done: Adjust stock." in repr(models.requests[-1]["messages"])
    assert shop.level(product)[0] == 14


def test_a_word_whose_answer_was_lost_gets_it_again(models: Models, waiting: tuple[str, Answer]) -> None:
    product, answer = waiting
    known, action = answer.json["conversation_id"], answer.json["pending"]["action_id"]
    first = confirm(known, action)
    shop.stock(product, 30)
    again = confirm(known, action)
    assert (again.status, again.json["result"]) == (200, first.json["result"])
    assert shop.level(product)[0] == 30
    refusal = confirm(known, action, accept=False)
    assert (refusal.status, refusal.code) == (409, "conflict")
    say("Thanks.", conversation_id=known)
    assert repr(models.requests[-1]["messages"]).count("Done: Adjust stock.") == 1


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_change_is_done_once_by_a_function_that_died_and_the_next_one(
    waiting: tuple[str, Answer], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    product, answer = waiting
    known, action = answer.json["conversation_id"], answer.json["pending"]["action_id"]
    call = registry.call

    def dies(*given: Any, **more: Any) -> None:
        if place == "after":
            call(*given, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("omnix.tools.registry.call", dies)
        with pytest.raises(Killed):
            confirm(known, action)
    assert confirm(known, action, accept=False).status == 409, "nobody can say any more that nothing was changed"
    assert confirm(known, action).json["result"]["on_hand"] == 14
    assert shop.level(product)[0] == 14


def test_a_change_whose_result_cannot_be_kept_is_told_and_not_done_twice(
    waiting: tuple[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    product, answer = waiting
    known, action = answer.json["conversation_id"], answer.json["pending"]["action_id"]
    with monkeypatch.context() as patch:
        patch.setattr("omnix.tools.registry.call", then_away(patch))
        assert confirm(known, action).json["result"]["on_hand"] == 14
    assert confirm(known, action).json["result"]["on_hand"] == 14
    assert shop.level(product)[0] == 14


def test_a_change_that_is_cancelled_is_over(models: Models, waiting: tuple[str, Answer]) -> None:
    product, answer = waiting
    known, action = answer.json["conversation_id"], answer.json["pending"]["action_id"]
    for _ in range(2):
        assert confirm(known, action, accept=False).json["stop_reason"] == "cancelled"
    assert confirm(known, action).status == 409
    assert shop.level(product)[0] == 9
    assert len(models.requests) == 2


@pytest.mark.parametrize("other", [{"tenant_id": "t2"}, {"user_id": "u2"}])
def test_nobody_else_confirms_a_change(waiting: tuple[str, Answer], other: dict[str, Any]) -> None:
    product, answer = waiting
    assert confirm(answer.json["conversation_id"], answer.json["pending"]["action_id"], **other).status == 404
    assert shop.level(product)[0] == 9


def test_a_change_is_confirmed_in_its_own_conversation_only(waiting: tuple[str, Answer]) -> None:
    product, answer = waiting
    elsewhere = say("hello").json["conversation_id"]
    assert confirm(elsewhere, answer.json["pending"]["action_id"]).status == 404
    assert shop.level(product)[0] == 9


def test_a_change_waits_a_quarter_of_an_hour(waiting: tuple[str, Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    product, answer = waiting
    later = clock.epoch_seconds() + 15 * 60
    monkeypatch.setattr(clock, "epoch_seconds", lambda: later)
    assert confirm(answer.json["conversation_id"], answer.json["pending"]["action_id"]).status == 404
    assert shop.level(product)[0] == 9


def test_a_change_whose_arguments_are_no_more_those_that_were_shown_is_not_done(
    models: Models, waiting: tuple[str, Answer]
) -> None:
    product, answer = waiting
    table = models.cloud.client("dynamodb")
    (item,) = [one for one in models.cloud.items("sessions") if one.get("entity") == "assistant_action"]
    table.update_item(
        TableName="omnix-ai-dev-sessions",
        Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
        UpdateExpression="SET arguments = :other",
        ExpressionAttributeValues={":other": {"S": item["arguments"].replace("5", "500")}},
    )
    assert confirm(answer.json["conversation_id"], answer.json["pending"]["action_id"]).status == 404
    assert shop.level(product)[0] == 9


def test_rights_are_looked_at_again_when_a_change_is_confirmed(waiting: tuple[str, Answer]) -> None:
    product, answer = waiting
    known, action = answer.json["conversation_id"], answer.json["pending"]["action_id"]
    assert confirm(known, action, scopes="assistant:use stock:read", auth="api_key").status == 403
    assert shop.level(product)[0] == 9
    assert confirm(known, action).status == 200


def test_a_turn_proposes_one_change(models: Models) -> None:
    product = shop.product("TEA")
    shop.stock(product, 9)
    models.script = [calls(adjust(product, 1), adjust(product, 2)), said("One waits.")]
    answer = say("Twice, please.")
    assert [call["status"] for call in answer.json["tools"]] == ["waiting", "failed"]
    assert answer.json["pending"]["arguments"]["quantity"] == 1


def test_a_change_that_cannot_be_done_says_why(models: Models) -> None:
    models.script = [calls(adjust(shop.product("TEA"), -5)), said("It waits.")]
    answer = say("Take five.")
    refusal = confirm(answer.json["conversation_id"], answer.json["pending"]["action_id"])
    assert (refusal.status, refusal.code) == (409, "conflict")


def test_a_change_for_which_a_service_was_away_can_be_confirmed_again(
    waiting: tuple[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answer = waiting
    known, action = answer.json["conversation_id"], answer.json["pending"]["action_id"]
    with monkeypatch.context() as patch:
        patch.setattr("omnix.tools.registry.call", away)
        assert confirm(known, action).status == 503
    assert confirm(known, action).json["result"]["on_hand"] == 14


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def away(*_: Any, **__: Any) -> None:
    raise UnavailableError


def then_away(patch: pytest.MonkeyPatch) -> Any:
    """The tool's call, after which the table of actions is away."""
    call = registry.call

    def called(*given: Any, **more: Any) -> Any:
        found = call(*given, **more)
        patch.setattr("omnix.assistant.actions.transact", away)
        return found

    return called
