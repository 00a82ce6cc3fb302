"""A small contract in the form of `openapi.json`, with what API Gateway must not be shown."""

from typing import Any


def operation(operation_id: str, function: str = "api", **more: Any) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "x-omnix-function": function,
        "responses": {
            "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Product-Output"}}},
            },
            "4XX": {"description": "Refused"},
            "default": {"description": "Otherwise"},
        },
        **more,
    }


def contract() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "OMNIX AI", "version": "1.2.0"},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": {
            "/system/health": {"get": operation("getHealth", security=[])},
            "/auth/login": {
                "post": operation(
                    "login",
                    "auth",
                    security=[],
                    requestBody={
                        "content": {"application/json": {"schema": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
                    },
                )
            },
            "/products": {
                "get": operation(
                    "listProducts",
                    parameters=[
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "exclusiveMinimum": 0}},
                        {"$ref": "#/components/parameters/Client"},
                        {"name": "session", "in": "cookie", "schema": {"type": "string"}},
                    ],
                ),
                "post": operation("createProduct"),
            },
            "/products/{product_id}": {
                "parameters": [
                    {"name": "product_id", "in": "path", "required": True, "schema": {"type": "string", "example": "p"}}
                ],
                "get": operation("getProduct"),
                "delete": operation("deleteProduct", security=[{"bearer": []}]),
            },
        },
        "components": {
            "parameters": {
                "Client": {"name": "X-Client-Type", "in": "header", "required": False, "schema": {"const": "web"}}
            },
            "schemas": {"Product-Output": {"type": "object", "examples": [{}]}},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
