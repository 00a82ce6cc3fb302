"""Mistakes in the public contract and in the body that API Gateway imports."""
# ruff: noqa: E501 - a table: one mistake a line

from typing import Any

from tests.infra.seeded import edits
from tests.infra.seeded.seed import Change, Seed, contract, resources

_API = "api-rest-api"
_ELSEWHERE = (
    "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:eu-west-1:777788889999:function:omnix-ai-prod-api:live/invocations"
)


def _program(name: str, change: Change, names: str, says: str) -> Seed:
    return Seed(name, "staging", change, "program", "ContractError", names, says)


def _body(name: str, change: Any, rule: str, says: str, gate: Any = "refusal") -> Seed:
    return Seed(name, "prod", resources(edits.body(_API, change)), gate, rule, _API, says)


def _operation(document: dict[str, Any], path: str = "/products", method: str = "get") -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path][method]
    return found


def _moved(document: dict[str, Any], old: str, new: str) -> None:
    document["paths"][new] = document["paths"].pop(old)


def _integration(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/products"]["get"]["x-amazon-apigateway-integration"]
    return found


def _cached(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["authorizer"]["x-amazon-apigateway-authorizer"]
    scheme["authorizerResultTtlInSeconds"] = 7200


SEEDS = (
    # The incident (A2): the page called /v1/…, the backend served /…: 404 everywhere.
    Seed("a version prefix in openapi.json that the handlers do not serve", "staging", contract(lambda d: _moved(d, "/products", "/v1/products")), "contract", "drift", "openapi.json", "run `python -m omnix.contract`"),
    Seed("a route that exists in openapi.json only", "staging", contract(lambda d: d["paths"].update({"/reports": {"get": {**_operation(d), "operationId": "listReports", "parameters": []}}})), "contract", "drift", "openapi.json", "/reports"),
    Seed("an operation opened to everyone in openapi.json", "prod", contract(lambda d: _operation(d).update(security=[])), "policy", "operation-authorised", "GET /products", "policy/public_operations.yaml"),
    _program("a route of a function that is not deployed", contract(lambda d: _operation(d).update({"x-omnix-function": "worker"})), "GET /products", "not one of ['api', 'assistant', 'auth']"),
    _program("a route without its function", contract(lambda d: _operation(d).pop("x-omnix-function")), "GET /products", "not one of ['api', 'assistant', 'auth']"),
    _program("two operations of one id", contract(lambda d: _operation(d).update(operationId=_operation(d, "/products", "post")["operationId"])), "operation ids are used twice", "createProduct"),
    _program("a path with a trailing slash", contract(lambda d: _moved(d, "/products", "/products/")), "/products/", "does not end with one"),
    _program("two names for one path variable", contract(lambda d: d["paths"].update({"/products/{id}/prices": {"get": {**_operation(d), "operationId": "listPrices", "parameters": []}}})), "/products/", "use one name"),
    _program("a pre-flight operation in the contract beside the gateway's own", contract(lambda d: d["paths"]["/products"].update(options=_operation(d))), "OPTIONS /products", "OPTIONS belongs to the gateway body"),
    _program("an operation that documents a default response only", contract(lambda d: _operation(d).update(responses={"default": _operation(d)["responses"]["200"]})), "GET /products", "no response with a plain status code"),
    Seed("openapi.json left with a merge conflict", "dev", lambda w: type(w)(**{**vars(w), "contract": '{\n<<<<<<< HEAD\n  "openapi": "3.1.0"'}), "contract", "unreadable", "openapi.json", "is not JSON"),
    # API Gateway imports 3.0.1 and refuses pydantic's dialect, 3.1.
    _body("the gateway's body left at OpenAPI 3.1", lambda d: d.update(openapi="3.1.0"), "apigateway.RestApi.body-readable", "API Gateway takes 3.0.x"),
    _body("an integration that waits longer than 29 s", lambda d: _integration(d).update(timeoutInMillis=60000), "apigateway.RestApi.body-integrations", "29000"),
    _body("an integration without its URI", lambda d: _integration(d).pop("uri"), "apigateway.RestApi.body-integrations", "uri"),
    _body("an integration of a function in another region", lambda d: _integration(d).update(uri=_ELSEWHERE), "apigateway.RestApi.body-integrations", "is not the function's, eu-west-1"),
    _body("an authorizer cached beyond an hour", _cached, "apigateway.RestApi.body-security", "3600"),
    _body("a method whose security was lost in a rewrite of the body", lambda d: d["paths"]["/products"]["post"].update(security=[]), "operation-authorised", "POST /products", "policy"),
    _body("a method that names a scheme nobody defines", lambda d: d["paths"]["/products"]["post"].update(security=[{"bearer": []}]), "operation-authorised", "POST /products", "policy"),
)  # fmt: skip
