"""What the platform adds to a model's own time: a chat without tools, with one and with three, insights, an MCP call.

The model is the local cloud's stand-in with a latency of its own, so that a time-out's worth of waiting is like a real
one's. `model` is what the function waited for it, from each request to the last event of its answer; `added` is all
that the caller waited beside: gateway, authorizer, the guard's reservation and settlement, tools, the conversation.
One client, warm. On AWS the stores and the model are further away, and the gateway is another.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from rich.table import Table

from bench.environment import Bench
from bench.shop import Shop, ShopError
from bench.timing import Spread, spread, timed

# Of the stand-in, milliseconds: a fast model's first word, and 50 tokens in half a second.
LATENCY = {"first_token_ms": 300, "token_ms": 10}
_TOKENS = 50
_WARM = 3
_MCP = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@dataclass(frozen=True)
class Measured:
    """Milliseconds as the client waited (`whole`), of them for models, beside them, and beside them in the function."""

    kind: str
    calls: int
    whole: Spread
    model: Spread
    added: Spread
    function: Spread | None


def measure(bench: Bench, requests: int, say: Callable[[str], None]) -> list[Measured]:
    """Each kind with as many requests; the kinds take turns, so that a slow moment falls on all. Raises ShopError."""
    shop = Shop(bench.api_url)
    shop.settled()
    page = f"{bench.endpoint_url}/_localcloud/bedrock"
    httpx.post(page, json=LATENCY).raise_for_status()
    kinds = _kinds(shop)
    samples: dict[str, list[Mapping[str, float]]] = {kind: [] for kind in kinds}
    try:
        with httpx.Client(base_url=bench.api_url, timeout=40) as http:
            for turn in range(_WARM + requests):
                say(f"assistant: {turn + 1} of {_WARM + requests}")
                for kind, (path, body) in kinds.items():
                    found = _asked(http, shop.values["token"], path, body)
                    if turn >= _WARM:
                        samples[kind].append(found)
    finally:
        httpx.post(page, json=dict.fromkeys(LATENCY, 0)).raise_for_status()
        shop.close()
    return [_measured(kind, found) for kind, found in samples.items()]


def _kinds(shop: Shop) -> dict[str, tuple[str, dict[str, Any]]]:
    length = f"[[length {_TOKENS}]]"
    tools = [f'[[tool get_product {{"product_id": "{one}"}}]]' for one in shop.product_ids[:3]]
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    params = {"name": "get_product", "arguments": {"product_id": shop.product_ids[0]}}
    return {
        "chat": ("/assistant/chat", {"message": length}),
        "chat, 1 tool": ("/assistant/chat", {"message": tools[0] + length}),
        "chat, 3 tools in turn": ("/assistant/chat", {"message": "".join(tools) + length}),
        "insights": ("/assistant/insights", {"topic": "stock", "days": 7}),
        "MCP, 1 tool, no model": ("/mcp", {**call, "params": params}),
    }


def _asked(http: httpx.Client, token: str, path: str, body: dict[str, Any]) -> dict[str, float]:
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": uuid.uuid4().hex,
        **(_MCP if path == "/mcp" else {}),
    }
    answer, whole = timed(lambda: http.post(path, json=body, headers=headers))
    document = answer.json()
    if not answer.is_success or "error" in document:
        raise ShopError(f"POST {path}: {answer.status_code} {answer.text[:200]}")
    timing = document.get("timing", {})
    return {
        "whole": whole,
        "model": timing.get("model_ms", 0),
        "calls": len(document.get("tools", ())) + 1,
        **({"total": timing["total_ms"]} if timing else {}),
    }


def _measured(kind: str, samples: Sequence[Mapping[str, float]]) -> Measured:
    inside = [one["total"] - one["model"] for one in samples if "total" in one]
    return Measured(
        kind=kind,
        calls=0 if not inside else int(samples[0]["calls"]),
        whole=spread([one["whole"] for one in samples]),
        model=spread([one["model"] for one in samples]),
        added=spread([one["whole"] - one["model"] for one in samples]),
        function=spread(inside) if inside else None,
    )


def document(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """As JSON shows it."""
    return [asdict(one) for one in measured]


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """For people."""
    made = Table(
        title="What the platform adds to the model's own time, warm, one client: milliseconds",
        caption=f"The stand-in waits {LATENCY['first_token_ms']} ms and {LATENCY['token_ms']} ms a token. added: all "
        "that the caller waits beside models. in function: the part of it that the function measures itself.",
    )
    made.add_column("request", no_wrap=True)
    for column in ("model calls", "whole p50", "p99", "model p50", "added p50", "p99", "in function p50", "p99", "n"):
        made.add_column(column, justify="right")
    for row in rows:
        inside = row["function"]
        made.add_row(
            row["kind"], str(row["calls"]), *_both(row["whole"]), f"{row['model']['p50']:.0f}", *_both(row["added"]),
            *(_both(inside) if inside else ("", "")), str(row["whole"]["n"]),
        )  # fmt: skip
    return made


def _both(found: Mapping[str, float]) -> tuple[str, str]:
    return f"{found['p50']:.0f}", f"{found['p99']:.0f}"
