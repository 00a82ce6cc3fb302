"""Whether an answer has exactly the shape that the contract documents: nothing missing, nothing beside it."""

from collections.abc import Mapping
from typing import Any

import jsonschema


def assert_shape(document: Mapping[str, Any], operation: Mapping[str, Any], status: int, body: Any) -> None:
    """Assert that `body` (parsed JSON, or text) is what `operation` documents for `status`."""
    assert str(status) in operation["responses"], f"{operation['operationId']}: {status} is not documented"
    content = operation["responses"][str(status)].get("content", {})
    if not content:
        assert not body, f"{operation['operationId']}: {status} has no body"
        return
    schema = content["application/json"]["schema"] if "application/json" in content else {"type": "string"}
    jsonschema.validate(body, {**_closed(schema), "components": _closed(document["components"])})


def _closed(node: Any) -> Any:
    """The schema in which an object has its documented fields only."""
    if isinstance(node, Mapping):
        closed = {key: _closed(part) for key, part in node.items()}
        if node.get("type") == "object" and isinstance(node.get("properties"), Mapping):
            closed.setdefault("additionalProperties", False)
        return closed
    return [_closed(part) for part in node] if isinstance(node, list) else node
