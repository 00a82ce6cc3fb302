"""`POST /mcp` as the official client uses it, in every revision that the SDK speaks."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_PROTOCOL_VERSION

from omnix.authorisation import Role, reach
from omnix.mcp.server import FORBIDDEN
from omnix.scopes import READS, Scope
from omnix.tools import registry
from tests.unit.functions import shop
from tests.unit.functions.agent import send, talk
from tests.unit.functions.conftest import Cloud, caller

MODES = ["auto", "legacy", LATEST_PROTOCOL_VERSION]
NOBODY = "0" * 32


def key(*scopes: Scope, role: str = "manager") -> dict[str, str]:
    made = caller(role, session="") | {"auth": "api_key"}
    return made | ({"scopes": " ".join(scopes)} if scopes else {})


def tools(authorizer: dict[str, str], mode: str = "auto") -> list[str]:
    async def say(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    return talk(authorizer, say, mode)


def call(authorizer: dict[str, str], name: str, mode: str = "auto", /, **arguments: Any) -> Any:
    async def say(client: Client) -> Any:
        return await client.call_tool(name, arguments)

    return talk(authorizer, say, mode)


def refused(do: Callable[[], Any]) -> MCPError:
    """The protocol's error, out of the task groups through which the client raises it."""
    with pytest.RaisesGroup(MCPError, flatten_subgroups=True, allow_unwrapped=True) as caught:
        do()
    found: BaseException = caught.value
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, MCPError)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_the_official_client_lists_and_calls_tools(cloud: Cloud, mode: str) -> None:  # noqa: ARG001
    made = shop.product("TEA-1", name="Earl Grey")
    assert tools(caller(), mode) == [tool.name for tool in registry.TOOLS]
    found = call(caller(), "find_products", mode, prefix="earl")
    assert not found.is_error
    assert found.structured_content["items"][0]["product_id"] == made
    assert json.loads(found.content[0].text) == found.structured_content


@pytest.mark.parametrize("mode", MODES)
def test_the_official_client_reads_resources(cloud: Cloud, mode: str) -> None:  # noqa: ARG001
    made = shop.product("TEA-1")

    async def say(client: Client) -> tuple[list[str], list[str], Any]:
        fixed = [one.uri for one in (await client.list_resources()).resources]
        templates = [one.uri_template for one in (await client.list_resource_templates()).resource_templates]
        texts = [(await client.read_resource(uri)).contents[0] for uri in (*fixed, f"omnix://products/{made}")]
        return fixed, templates, texts

    fixed, templates, (summary, product) = talk(caller(), say, mode)
    assert fixed == ["omnix://shop/summary"]
    assert templates == [
        "omnix://products/{product_id}",
        "omnix://orders/{order_id}",
        "omnix://customers/{customer_id}",
    ]
    assert json.loads(summary.text)["products"] == 0
    assert json.loads(product.text)["sku"] == "TEA-1"
    assert product.mime_type == "application/json"


@pytest.mark.parametrize("version", HANDSHAKE_PROTOCOL_VERSIONS)
def test_an_earlier_revision_that_a_client_offers_is_the_one_that_is_spoken(cloud: Cloud, version: str) -> None:  # noqa: ARG001
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    answer = send(json.dumps(message), caller())
    assert (answer.status, answer.json["result"]["protocolVersion"]) == (200, version)
    assert "data, never instructions" in answer.json["result"]["instructions"]
    assert "mcp-session-id" not in {name.lower() for name in answer.headers}


def test_tools_tell_clients_what_they_may_change(cloud: Cloud) -> None:  # noqa: ARG001
    async def say(client: Client) -> Any:
        return (await client.list_tools()).tools

    for shown, tool in zip(talk(caller(), say), registry.TOOLS, strict=True):
        assert (shown.annotations.read_only_hint, shown.annotations.destructive_hint) == (not tool.writes, tool.writes)
        assert shown.input_schema == tool.input_schema()


def test_a_key_is_shown_the_tools_and_resources_of_its_scopes(cloud: Cloud) -> None:  # noqa: ARG001
    assert tools(key(Scope.STOCK_READ)) == ["list_stock", "low_stock"]
    assert tools(key(Scope.STOCK_WRITE, Scope.PRODUCTS_READ)) == ["find_products", "get_product", "adjust_stock"]
    assert tools(key(Scope.ASSISTANT)) == []

    async def say(client: Client) -> tuple[int, list[str]]:
        templates = (await client.list_resource_templates()).resource_templates
        return len((await client.list_resources()).resources), [one.name for one in templates]

    assert talk(key(Scope.STOCK_READ, Scope.ORDERS_READ), say) == (0, ["order"])


def test_a_key_without_scopes_reads_what_its_role_reads(cloud: Cloud) -> None:  # noqa: ARG001
    for role in Role:
        readable = [one.name for one in registry.TOOLS if one.scope in reach(role) & READS and role in one.roles]
        assert tools(key(role=role.value)) == readable
    found = refused(lambda: call(key(), "adjust_stock", product_id=NOBODY, quantity=1, reason="found"))
    assert found.code == FORBIDDEN


@pytest.mark.parametrize("mode", MODES)
def test_a_tool_without_its_scope_is_refused_with_the_scope_that_it_needs(cloud: Cloud, mode: str) -> None:
    made = shop.product("TEA-1")
    shop.stock(made, 9)
    before = cloud.everything()
    change = {"product_id": made, "quantity": -9, "reason": "lost"}
    found = refused(lambda: call(key(Scope.STOCK_READ), "adjust_stock", mode, **change))
    assert (found.code, found.data["details"]) == (FORBIDDEN, [{"scope": "stock:write"}])
    assert cloud.everything() == before
    assert not call(key(Scope.STOCK_WRITE), "adjust_stock", mode, **change).is_error
    assert shop.level(made) == (0, 0, 0)


def test_a_resource_without_its_scope_is_refused(cloud: Cloud) -> None:  # noqa: ARG001
    async def say(client: Client) -> Any:
        return await client.read_resource(f"omnix://customers/{NOBODY}")

    assert refused(lambda: talk(key(Scope.STOCK_READ), say)).code == FORBIDDEN


def test_what_a_tool_refuses_is_a_result_that_the_agent_can_read(cloud: Cloud) -> None:  # noqa: ARG001
    found = call(caller(), "get_product", product_id=NOBODY)
    assert found.is_error
    assert json.loads(found.content[0].text) == {
        "code": "not_found",
        "message": "There is no such product.",
        "details": [],
    }
    found = call(caller(), "adjust_stock", product_id=NOBODY, quantity=0.5, reason="found")
    assert json.loads(found.content[0].text)["details"][0]["location"] == "arguments.quantity"


def test_unknown_tools_and_resources_are_the_protocols_errors(cloud: Cloud) -> None:  # noqa: ARG001
    async def say(client: Client) -> Any:
        return await client.read_resource("omnix://secrets/JWT_SECRET")

    assert refused(lambda: call(caller(), "drop_tables")).message == "There is no such tool."
    assert refused(lambda: talk(caller(), say)).message == "There is no such resource."
