"""The OpenAPI subset that API Gateway's REST APIs take as a body."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

METHODS = {
    **{name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch")},
    "x-amazon-apigateway-any-method": "ANY",
}
INTEGRATION = "x-amazon-apigateway-integration"

type Document = dict[str, Any]


def parse(text: str) -> Document:
    """JSON or YAML. Raises `ValueError` for what is no OpenAPI object."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"neither JSON nor YAML: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("not an OpenAPI object")  # noqa: TRY004 - a bad value to the caller
    return found


def operations(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(path, HTTP method or ANY, operation)."""
    for path, item in body.get("paths", {}).items():
        for key, operation in item.items():
            if key in METHODS:
                yield path, METHODS[key], operation


def without_integration(body: Mapping[str, Any]) -> list[str]:
    """Operations that go nowhere: such a body imports, and cannot be deployed."""
    return [f"{method} {path}" for path, method, operation in operations(body) if INTEGRATION not in operation]


def skeleton(body: Mapping[str, Any]) -> Document:
    """What moto understands of a body: paths, methods, statuses and where each integration goes."""
    paths: dict[str, Any] = {}
    for path, method, operation in operations(body):
        given = operation.get(INTEGRATION, {})
        integration = {"type": "MOCK", "httpMethod": "POST", "uri": given.get("uri", "")}
        if str(given.get("type", "")).lower() == "aws_proxy":
            integration["type"] = "AWS_PROXY"
        statuses = {
            str(status): {"description": ""} for status in operation.get("responses", {}) if status != "default"
        }
        paths.setdefault(path, {})[method.lower()] = {"responses": statuses, INTEGRATION: integration}
    title = body.get("info", {}).get("title", "api")
    return {"openapi": "3.0.1", "info": {"title": title, "description": "", "version": "1"}, "paths": paths}
