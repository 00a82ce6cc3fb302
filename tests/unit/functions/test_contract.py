"""The drift gate, and what every operation of the contract owes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from omnix import contract

DOCUMENT = contract.document()
OPERATIONS = [
    (path, method, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]


def test_the_file_is_what_the_routes_say() -> None:
    assert contract.difference() == [], "run `python -m omnix.contract`"


def test_the_document_is_valid_openapi_and_its_text_is_stable() -> None:
    validate(DOCUMENT)
    assert contract.canonical(contract.document()) == contract.canonical(DOCUMENT)


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    changed = tmp_path / "openapi.json"
    changed.write_text(contract.canonical(DOCUMENT | {"servers": [{"url": "/v1"}]}))
    assert any("/v1" in line for line in contract.difference(changed))
    assert contract.difference(tmp_path / "absent.json")


def test_check_exits_1_with_a_hint_when_the_file_drifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contract, "FILE", tmp_path / "openapi.json")
    monkeypatch.setattr(contract, "difference", lambda: ["-old", "+new"])
    assert contract.main(["--check"]) == 1
    assert "run `python -m omnix.contract`" in capsys.readouterr().err
    assert contract.main(["--unknown"]) == 2


@pytest.mark.parametrize("number", range(len(OPERATIONS)), ids=NAMES)
def test_an_operation_says_who_serves_it_who_may_call_it_and_how_it_fails(number: int) -> None:
    _, method, operation = OPERATIONS[number]
    assert operation["x-omnix-function"] in ("api", "auth", "assistant")
    statuses = set(operation["responses"])
    assert statuses >= {"429", "500", "503"}
    rpc = operation["operationId"] == "sendMcpMessage"
    assert len([status for status in statuses if status.startswith("2")]) == 1 + rpc
    if operation.get("security") != []:
        assert statuses >= {"401", "403"}
    if method in ("post", "put", "patch"):
        assert statuses >= {"400", "413", "415", "422"}
    for status in statuses - {"200", "201", "202", "204", "304"}:
        schema = operation["responses"][status]["content"]["application/json"]["schema"]
        error = {"$ref": "#/components/schemas/Error"}
        assert schema == ({"anyOf": [error, {"$ref": "#/components/schemas/RpcAnswer"}]} if rpc else error)
    told = {status for status in statuses if "Retry-After" in operation["responses"][status].get("headers", {})}
    assert told == {"429", "503"}


def test_a_read_with_a_tag_may_be_304_and_says_so() -> None:
    tagged = {
        operation["operationId"]
        for _, method, operation in OPERATIONS
        if method == "get" and "ETag" in operation["responses"]["200"]["headers"]
    }
    assert tagged >= {"readProduct", "readOrder", "readCustomer", "readDashboardSummary", "readContract", "readVersion"}
    for _, _, operation in OPERATIONS:
        named = {parameter["name"] for parameter in operation.get("parameters", [])}
        unchanged = operation["responses"].get("304")
        assert (operation["operationId"] in tagged) == ("If-None-Match" in named) == (unchanged is not None)
        assert unchanged is None or "content" not in unchanged


def test_only_these_operations_are_public() -> None:
    public = {operation["operationId"] for _, _, operation in OPERATIONS if operation.get("security") == []}
    system = {"readHealth", "readReadiness", "readVersion", "readContract"}
    assert public == system | {"register", "login", "refresh", "logout"}


def test_examples_of_bodies_fit_their_schemas() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    with_examples = {name: schema for name, schema in schemas.items() if "examples" in schema}
    assert {"ProductInput", "ProductChanges", "Registration", "Credentials"} <= set(with_examples)
    for schema in with_examples.values():
        for example in schema["examples"]:
            whole: dict[str, Any] = {**schema, "components": DOCUMENT["components"]}
            jsonschema.validate(example, whole)


def test_error_answers_fit_the_error_schema(api: Any) -> None:
    schema = DOCUMENT["components"]["schemas"]["Error"]
    for answer in (api("GET", "/nowhere"), api("POST", "/products", body="{"), api("POST", "/products", body={})):
        jsonschema.validate(answer.json, schema)


FORBIDDEN = ("omnix.contract", "aws_lambda_powertools.event_handler.openapi.swagger_ui", "openapi_spec_validator")


@pytest.mark.parametrize("function", ["api", "auth", "authorizer", "rotation"])
def test_no_function_imports_the_contracts_generator_or_boto3(function: str) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:omnix-ai/dev/{}-AbCdEf"
    environment = {
        "PYTHONPATH": str(Path(contract.__file__).parents[1]),
        "AWS_REGION": "eu-central-1",
        "OMNIX_ENVIRONMENT": "dev",
        "OMNIX_FUNCTION": function,
        "OMNIX_PARAMETER_PREFIX": "/omnix-ai/dev",
        "OMNIX_JWT_SECRET_ID": arn.format("JWT_SECRET"),
        "OMNIX_JWT_REFRESH_SECRET_ID": arn.format("JWT_REFRESH_SECRET"),
        "OMNIX_API_KEY_SECRET_ID": arn.format("API_KEY_1"),
        "OMNIX_ROTATION_SECRET_IDS": arn.format("JWT_SECRET"),
    }
    program = f"import sys, {function}.handler; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    light = ("pydantic", "aws_lambda_powertools") if function == "authorizer" else ()
    assert not {*FORBIDDEN, "boto3", "pulumi", "requests", "yaml", *light} & loaded
