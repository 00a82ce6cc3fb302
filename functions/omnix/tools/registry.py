"""All tools, who may see which, and the one way to call them.

The tools run in the process of whoever calls them, by the domain's own services and so with that function's
permissions: `components.api.functions` grants the assistant what they need of each table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from omnix.errors import ConflictError, ForbiddenError, NotFoundError, ValidationFailedError
from omnix.tools import analytics, customers, orders, products, stock
from omnix.tools.bounds import MOST_BYTES, size
from omnix.tools.tool import Arguments, Tool, WriteArguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.authorisation import Principal

TOOLS: tuple[Tool[Any], ...] = (
    *products.TOOLS,
    *stock.TOOLS,
    *orders.TOOLS,
    *customers.TOOLS,
    *analytics.TOOLS,
)

_BY_NAME = {tool.name: tool for tool in TOOLS}
# A tool's arguments are a few ids and short texts; more is an attack or a model that runs away.
MOST_ARGUMENT_BYTES = 8 * 1024
_FAULTS_SHOWN = 10
_LOCATION_LENGTH = 100


@dataclass(frozen=True)
class Outcome:
    """A tool's answer: as JSON values, and as the text of them."""

    tool: Tool[Any]
    data: dict[str, Any]
    text: str


def allowed(caller: Principal) -> tuple[Tool[Any], ...]:
    """The tools that the caller may call, in their order."""
    return tuple(tool for tool in TOOLS if tool.allows(caller))


def find(caller: Principal, name: str) -> Tool[Any]:
    """The tool; raises NotFoundError for an unknown name and ForbiddenError for one beyond the caller's reach."""
    tool = _BY_NAME.get(name)
    if tool is None:
        raise NotFoundError("There is no such tool.")
    if not tool.allows(caller):
        raise ForbiddenError(f"The tool {name} needs the scope {tool.scope.value}.", [{"scope": tool.scope.value}])
    return tool


def parse(tool: Tool[Any], arguments: Mapping[str, Any]) -> Arguments:
    """The arguments; raises ValidationFailedError, which names places and never values."""
    if len(json.dumps(arguments, ensure_ascii=False).encode(errors="surrogatepass")) > MOST_ARGUMENT_BYTES:
        fault = {"location": "arguments", "reason": "too_long", "message": f"at most {MOST_ARGUMENT_BYTES} bytes"}
        raise ValidationFailedError("The arguments are too long.", [fault])
    try:
        parsed: Arguments = tool.input.model_validate(dict(arguments))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailedError(
            f"The arguments are not those of {tool.name}.",
            [
                {
                    "location": ".".join(["arguments", *map(str, fault["loc"])])[:_LOCATION_LENGTH],
                    "reason": fault["type"],
                    "message": fault["msg"].removeprefix("Value error, "),
                }
                for fault in faults[:_FAULTS_SHOWN]
            ],
        ) from None
    return parsed


def call(caller: Principal, name: str, arguments: Mapping[str, Any], *, idempotency_key: str | None = None) -> Outcome:
    """Run a tool as the caller; `idempotency_key` takes the place of one in a write's arguments. Raises ApiError."""
    tool = find(caller, name)
    parsed = parse(tool, arguments)
    if idempotency_key and isinstance(parsed, WriteArguments):
        parsed = parsed.model_copy(update={"idempotency_key": idempotency_key})
    result = tool.run(caller, parsed)
    if size(result) > MOST_BYTES:
        raise ConflictError("The answer is too long for a tool. Ask for less, or use the REST route.")
    return Outcome(tool, result.model_dump(mode="json"), result.model_dump_json())
