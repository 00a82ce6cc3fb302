"""The official MCP client against the running gateway: tools, resources, scopes."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from omnix.mcp.server import FORBIDDEN
from omnix.tools import registry
from tests.integration.conftest import Environment
from tests.integration.faults.shop import STOCK, Shop


def talk[T](environment: Environment, headers: dict[str, str], say: Callable[[Client], Awaitable[T]]) -> T:
    url = f"{environment.summary['api_url'].rstrip('/')}/mcp"

    async def connected() -> T:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            found: T = await say(client)
            return found

    return anyio.run(connected)


def bearer(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {shop.token}"}


def key(shop: Shop, *scopes: str, role: str = "manager") -> dict[str, str]:
    wanted: dict[str, Any] = {"name": f"Agent {uuid.uuid4().hex[:6]}", "role": role, "scopes": list(scopes)}
    return {"X-API-Key": shop.send("POST", "/auth/api-keys", 201, wanted)["key"]}


def run(environment: Environment, headers: dict[str, str], tool: str, **arguments: Any) -> Any:
    async def say(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    return talk(environment, headers, say)


def listed(environment: Environment, headers: dict[str, str]) -> list[str]:
    async def say(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    return talk(environment, headers, say)


def test_an_owner_is_offered_every_tool_and_calls_them(dev: Environment, shop: Shop) -> None:
    assert listed(dev, bearer(shop)) == [tool.name for tool in registry.TOOLS]
    found = run(dev, bearer(shop), "get_product", product_id=shop.known["product_id"])
    assert not found.is_error
    assert found.structured_content["name"] == "Earl Grey"
    for tool in ("find_products", "list_stock", "low_stock", "find_customers", "find_orders", "shop_summary"):
        assert not run(dev, bearer(shop), tool).is_error, tool


def test_resources_are_listed_and_read(dev: Environment, shop: Shop) -> None:
    async def say(client: Client) -> list[str]:
        uris = [str(one.uri) for one in (await client.list_resources()).resources]
        texts = [(await client.read_resource(uri)).contents[0] for uri in uris]
        return [text.text for text in texts if hasattr(text, "text")]

    assert all(talk(dev, bearer(shop), say))


def test_a_key_sees_and_calls_what_its_scopes_allow_and_nothing_else(dev: Environment, shop: Shop) -> None:
    headers = key(shop, "stock:read")
    assert listed(dev, headers) == ["list_stock", "low_stock"]
    assert not run(dev, headers, "list_stock").is_error
    wanted = {"product_id": shop.known["product_id"], "quantity": 5, "reason": "found"}
    with pytest.RaisesGroup(MCPError, flatten_subgroups=True, allow_unwrapped=True) as caught:
        run(dev, headers, "adjust_stock", **wanted)
    error: BaseException = caught.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, MCPError)
    assert error.error.code == FORBIDDEN
    assert shop.send("GET", f"/inventory/{shop.known['product_id']}", 200)["levels"][0]["on_hand"] == STOCK


def test_a_key_with_the_scope_writes(dev: Environment, shop: Shop) -> None:
    wanted = {"product_id": shop.known["product_id"], "quantity": 5, "reason": "found"}
    assert not run(dev, key(shop, "stock:read", "stock:write"), "adjust_stock", **wanted).is_error
    assert shop.send("GET", f"/inventory/{shop.known['product_id']}", 200)["levels"][0]["on_hand"] == STOCK + 5


def test_an_agent_finds_nothing_of_another_tenant(dev: Environment, shop: Shop, other: Shop) -> None:
    found = run(dev, bearer(shop), "get_product", product_id=other.known["product_id"])
    assert found.is_error
    assert "not_found" in found.content[0].text
    found = run(dev, bearer(shop), "find_products", tenant_id="another")
    assert found.is_error
    assert "validation_failed" in found.content[0].text


def test_arguments_beyond_measure_are_refused(dev: Environment, shop: Shop) -> None:
    assert run(dev, bearer(shop), "find_products", category="x" * 60_000).is_error
    with pytest.RaisesGroup(MCPError, flatten_subgroups=True, allow_unwrapped=True):
        run(dev, bearer(shop), "find_products", category="x" * 100_000)
    arguments = {"name": "find_products", "arguments": {"category": "x" * 100_000}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}
    refused = dev.http().post("/mcp", json=message, headers=bearer(shop))
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "payload_too_large")


def test_without_a_credential_nobody_speaks_and_no_other_method_is_there(dev: Environment, shop: Shop) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    http = dev.http()
    assert http.post("/mcp", json=message).status_code == 401
    for method in ("GET", "DELETE"):
        assert http.request(method, "/mcp", headers=bearer(shop)).status_code == 405
