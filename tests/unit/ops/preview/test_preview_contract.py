"""What breaks a client of the API, and what does not: each rule by a change of the real contract or a small one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.preview.contract.diff import compare
from tests.unit.ops.preview.engine_preview import NOTHING, write

if TYPE_CHECKING:
    from collections.abc import Callable

    type Run = Callable[..., int]
    type Capture = pytest.CaptureFixture[str]

ROOT = Path(__file__).parents[4]
REAL = json.loads((ROOT / "openapi.json").read_text())


def api(request: Any = None, response: Any = None, **operation: Any) -> dict[str, Any]:
    """A contract of one operation with these schemas."""
    made = {
        "requestBody": {"content": {"application/json": {"schema": request or {}}}},
        "responses": {"200": {"content": {"application/json": {"schema": response or {}}}}},
        **operation,
    }
    return {"openapi": "3.1.0", "paths": {"/things": {"post": made}}}


def rules(base: dict[str, Any], head: dict[str, Any]) -> set[str]:
    return {finding.rule for finding in compare(base, head).breaking}


OBJECT = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}


def changed(**keys: Any) -> dict[str, Any]:
    return {**OBJECT, **keys}


WITHOUT_B = {"a": {"type": "string"}}
WITH_C = {**OBJECT["properties"], "c": {"type": "string"}}  # type: ignore[dict-item]
STRING = {"type": "string"}
NULLABLE = {"anyOf": [{"type": "string"}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("old", "new", "in_request", "in_response"),
    [
        (OBJECT, OBJECT, None, None),
        (OBJECT, changed(properties=WITHOUT_B), "request-property-removed", "response-property-removed"),
        (OBJECT, changed(properties=WITH_C), None, None),
        (OBJECT, changed(properties=WITH_C, required=["a", "c"]), "request-property-added-required", None),
        (OBJECT, changed(required=["a", "b"]), "request-property-became-required", None),
        (OBJECT, changed(required=[]), None, "response-property-became-optional"),
        (OBJECT, changed(additionalProperties=False), "request-additional-properties-refused", None),
        (OBJECT, changed(description="other words", title="T", examples=[{}]), None, None),
        (STRING, {"type": "integer"}, "request-type-narrowed", "response-type-widened"),
        (STRING, {"type": ["string", "null"]}, None, "response-type-widened"),
        ({"type": ["string", "null"]}, STRING, "request-type-narrowed", None),
        (STRING, NULLABLE, None, "response-type-widened"),
        (NULLABLE, STRING, "request-type-narrowed", None),
        ({"type": "integer"}, {"type": "number"}, None, "response-type-widened"),
        ({"enum": ["x", "y"]}, {"enum": ["x"]}, "request-enum-narrowed", None),
        ({"enum": ["x"]}, {"enum": ["x", "y"]}, None, "response-enum-widened"),
        (STRING, {"type": "string", "enum": ["x"]}, "request-enum-narrowed", None),
        (
            {"type": "string", "const": "x"},
            {"type": "string", "const": "y"},
            "request-enum-narrowed",
            "response-enum-widened",
        ),
        (STRING, {"type": "string", "maxLength": 5}, "request-constraint-tightened", None),
        ({"type": "string", "maxLength": 5}, {"type": "string", "maxLength": 4}, "request-constraint-tightened", None),
        ({"type": "string", "maxLength": 4}, {"type": "string", "maxLength": 5}, None, None),
        ({"minimum": 1}, {"minimum": 2}, "request-constraint-tightened", None),
        ({"minimum": 2}, {"minimum": 1}, None, None),
        (
            {"type": "string", "pattern": "a"},
            {"type": "string", "pattern": "b"},
            "request-constraint-tightened",
            "response-constraint-loosened",
        ),
        (
            {"type": "array", "items": STRING},
            {"type": "array", "items": {"type": "integer"}},
            "request-type-narrowed",
            "response-type-widened",
        ),
        ({"not": {"const": 1}}, {"not": {"const": 2}}, "request-constraint-changed", "response-constraint-changed"),
        (
            {"allOf": [OBJECT, {"required": ["a"]}]},
            {"allOf": [OBJECT, {"required": ["a", "b"]}]},
            "request-property-became-required",
            None,
        ),
    ],
)
def test_a_schema_change_breaks_requests_or_responses_or_neither(
    old: Any, new: Any, in_request: str | None, in_response: str | None
) -> None:
    assert rules(api(request=old), api(request=new)) == ({in_request} if in_request else set())
    assert rules(api(response=old), api(response=new)) == ({in_response} if in_response else set())


def parameter(**keys: Any) -> list[dict[str, Any]]:
    return [{"name": "limit", "in": "query", "schema": {"type": "integer"}, **keys}]


HEADERS = {"200": {"headers": {"ETag": {}}, "content": {"application/json": {"schema": {}}}}}


@pytest.mark.parametrize(
    ("base", "head", "rule"),
    [
        (api(), {"paths": {}}, "path-removed"),
        (api(), {"paths": {"/things": {"get": {}}}}, "operation-removed"),
        (api(parameters=[]), api(parameters=parameter()), None),
        (api(parameters=[]), api(parameters=parameter(required=True)), "request-parameter-added-required"),
        (api(parameters=parameter()), api(parameters=parameter(required=True)), "request-parameter-became-required"),
        (api(parameters=parameter()), api(parameters=[]), "request-parameter-removed"),
        (
            api(parameters=parameter()),
            api(parameters=parameter(schema={"type": "integer", "maximum": 9})),
            "request-constraint-tightened",
        ),
        (
            api(),
            api(requestBody={"required": True, "content": {"application/json": {}}}),
            "request-body-became-required",
        ),
        (api(), api(requestBody={}), "request-body-removed"),
        (api(), api(requestBody={"content": {"text/csv": {}}}), "request-media-type-removed"),
        (api(), api(responses={}), "response-status-removed"),
        (api(), api(responses={**api()["paths"]["/things"]["post"]["responses"], "202": {}}), None),
        (api(responses=HEADERS), api(), "response-header-removed"),
        (api(), api(responses={"200": {"content": {"text/csv": {}}}}), "response-media-type-removed"),
        (api(), api(security=[{"bearer": []}]), "security-added"),
        (api(security=[{"bearer": []}]), api(security=[]), None),
        (api(security=[{"bearer": []}]), api(security=[{"bearer": []}, {"key": []}]), None),
        (api(security=[{"bearer": []}, {"key": []}]), api(security=[{"bearer": []}]), "security-narrowed"),
        (api(security=[{"bearer": []}]), api(security=[{"bearer": ["admin"]}]), "security-narrowed"),
        ({**api(), "servers": [{"url": "/v1"}]}, {**api(), "servers": [{"url": "/v2"}]}, "server-removed"),
        (api(), {"paths": {**api()["paths"], "/new": {"get": {}}}}, None),
    ],
)
def test_an_operation_change_breaks_by_its_rule_or_not_at_all(
    base: dict[str, Any], head: dict[str, Any], rule: str | None
) -> None:
    assert rules(base, head) == ({rule} if rule else set())


def test_an_operation_that_becomes_public_is_told_although_nobody_breaks() -> None:
    found = compare(api(security=[{"bearer": []}]), api(security=[]))

    assert [(f.rule, f.what) for f in found.compatible] == [("security-removed", "no credential")]


def test_schemas_that_refer_to_themselves_end() -> None:
    def tree(leaf: dict[str, Any]) -> dict[str, Any]:
        node = {"properties": {"children": {"items": {"$ref": "#/components/schemas/T"}}, "leaf": leaf}}
        return {**api(response={"$ref": "#/components/schemas/T"}), "components": {"schemas": {"T": node}}}

    assert rules(tree(STRING), tree({"type": "integer"})) == {"response-type-widened"}


def test_the_real_contract_equals_itself() -> None:
    found = compare(REAL, copy.deepcopy(REAL))

    assert found.findings == ()
    assert found.operations >= 17


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_removing_any_operation_of_the_real_contract_breaks_and_adding_it_does_not(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(REAL["paths"])))
    smaller = copy.deepcopy(REAL)
    del smaller["paths"][path]

    assert {f.rule for f in compare(REAL, smaller).breaking} == {"path-removed"}
    assert compare(smaller, REAL).breaking == ()


def test_a_removed_response_field_is_found_in_every_operation_that_answers_with_it() -> None:
    head = copy.deepcopy(REAL)
    del head["components"]["schemas"]["Product"]["properties"]["category"]

    found = compare(REAL, head).breaking
    assert {f.rule for f in found} == {"response-property-removed"}
    assert {"GET /products", "GET /products/{product_id}", "POST /products"} <= {f.where for f in found}


def test_the_report_says_breaking_or_not_and_a_broken_contract_does_not_refuse(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    base = write(tmp_path, api(response=OBJECT), "base.json")
    head = write(tmp_path, api(response=changed(properties=WITHOUT_B)), "head.json")

    assert run(NOTHING, "--contract-base", base, "--contract-head", head) == 0
    text = capsys.readouterr().out
    assert "❌ **API contract**: 1 breaking change" in text
    assert "| `POST /things` | response-property-removed | `200.b` |" in text
    assert run(NOTHING, "--contract-base", base, "--contract-head", base) == 0
    assert "✅ **API contract**: not breaking" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["{", "[]", '{"openapi": "3.1.0"}'])
def test_a_contract_that_cannot_be_read_refuses_and_is_never_called_unchanged(
    run: Run, tmp_path: Path, capsys: Capture, content: str
) -> None:
    base, head = write(tmp_path, api(), "base.json"), write(tmp_path, content, "head.json")

    assert run(NOTHING, "--contract-base", base, "--contract-head", head) == 1
    assert "the contract could not be compared" in capsys.readouterr().out
