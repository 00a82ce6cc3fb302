"""Jobs of the assistant: answers from the shop's own data, changes that were confirmed, agents, records, its end."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.integration.permissions import selling
from tests.integration.permissions.site import Site, wait_until

_SWEEP = {"source": "omnix.assistant.sweep"}


def ask(site: Site, message: str, expected: int = 200, **more: Any) -> Any:
    """One turn of a chat."""
    return site.call("POST", "/assistant/chat", expected, token=site.token(), json={"message": message, **more})


def _tool(name: str, **arguments: Any) -> str:
    return f"[[tool {name} {json.dumps(arguments)}]]"


def _done(answer: Any, *names: str) -> None:
    assert [(call["name"], call["status"]) for call in answer["tools"]] == [(name, "done") for name in names], answer


@contextmanager
def _sold(site: Site) -> Iterator[dict[str, str]]:
    """A product with ten units of stock, a customer and their order of one."""
    token = site.token()
    product = selling.stocked(site, token, 10)
    customer = selling.buyer(site, token)["customer_id"]
    wanted = {"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer}
    order = site.call("POST", "/orders", 201, token=token, json=wanted)["order_id"]
    yield {"product_id": product, "customer_id": customer, "order_id": order}
    site.call("DELETE", f"/customers/{customer}", 204, token=token)


def it_answers_from_the_shop_s_own_data(site: Site) -> None:
    """Every tool that reads."""
    with _sold(site) as sold:
        of = {name: {f"{name}_id": sold[f"{name}_id"]} for name in ("product", "customer", "order")}
        turns: tuple[dict[str, dict[str, Any]], ...] = (
            {"find_products": {"prefix": "sold"}, "get_product": of["product"]},
            {"list_stock": {}, "low_stock": {}},
            {"find_orders": {"status": "pending"}, "get_order": of["order"]},
            {"find_orders": of["customer"], "find_customers": {"prefix": "job"}, "get_customer": of["customer"]},
            {"find_customers": {"segment": "new"}, "list_stock": of["product"]},
            {"shop_summary": {}, "sales_summary": {}, "best_sellers": {}},
        )
        for turn in turns:
            _done(ask(site, "".join(_tool(name, **asked) for name, asked in turn.items())), *turn)


def it_tells_what_the_figures_say(site: Site) -> None:
    for topic in ("sales", "stock", "customers", "products"):
        wanted = {"topic": topic, "days": 7}
        site.call("POST", "/assistant/insights", 200, token=site.token(), json=wanted)
    assert site.call("GET", "/assistant/usage", 200, token=site.token())["total"]["calls"]


def it_remembers_and_forgets_a_conversation(site: Site) -> None:
    token, said = site.token(), ask(site, "[[say Hello.]]")
    place = f"/assistant/conversations/{said['conversation_id']}"
    ask(site, "And now?", conversation_id=said["conversation_id"])
    assert len(site.call("GET", place, 200, token=token)["turns"]) == 2
    site.call("DELETE", place, 204, token=token)
    site.call("GET", place, 404, token=token)


def it_changes_what_its_user_confirms(site: Site) -> None:
    """Every tool that writes, each after its user's word."""
    with _sold(site) as sold:
        product, customer = sold["product_id"], sold["customer_id"]
        changes: dict[str, dict[str, Any]] = {
            "adjust_stock": {"product_id": product, "quantity": 2, "reason": "found"},
            "create_order": {"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer},
            "change_order_status": {"order_id": sold["order_id"], "status": "cancelled"},
            "update_customer": {"customer_id": customer, "email": f"new-{uuid.uuid4().hex[:12]}@jobs.example"},
        }
        for name, arguments in changes.items():
            asked = ask(site, _tool(name, **arguments))
            confirm = {"action_id": asked["pending"]["action_id"], "accept": True}
            wanted = {"conversation_id": asked["conversation_id"], "confirm": confirm}
            done = site.call("POST", "/assistant/chat", 200, token=site.token(), json=wanted)
            assert done["stop_reason"] == "confirmed", done


def an_agent_calls_a_tool(site: Site) -> None:
    asked = {"name": "find_products", "arguments": {}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}
    answer = site.call("POST", "/mcp", 200, token=site.token(), json=message)
    assert not answer["result"].get("isError"), answer


def what_the_dead_held_is_looked_for(site: Site) -> None:
    assert site.invoke("assistant", _SWEEP)["ended"] >= 0


def a_call_is_in_bedrock_s_record(site: Site) -> None:
    """Written by Bedrock with the role that the account lends it."""
    logs, group = site.client("logs"), site.environment.outputs["invocation_log_group"]
    word = f"w{uuid.uuid4().hex}"
    request = ask(site, f"[[say {word}]]")
    assert word in request["answer"]

    def count() -> int:
        return sum(len(page["events"]) for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group))

    before = count()
    ask(site, "[[say Again.]]")
    wait_until(lambda: count() > before, f"no new record in {group}")


def the_budget_s_action_ends_calls_and_its_reversal_allows_them(site: Site) -> None:
    """As AWS Budgets does both: with the role that the action lends it."""
    iam = site.as_role("budget-action", "iam")
    policy = f"arn:aws:iam::{site.account}:policy/omnix-ai-{site.name}-no-models-{site.region}"
    named = {"RoleName": site.role("assistant"), "PolicyArn": policy}
    iam.attach_role_policy(**named)
    try:
        assert ask(site, "[[say Hello.]]", 503)["error"]
    finally:
        site.client("iam").detach_role_policy(**named)
    iam.attach_role_policy(**named)
    iam.detach_role_policy(**named)
    assert ask(site, "[[say Hello.]]")["answer"]
