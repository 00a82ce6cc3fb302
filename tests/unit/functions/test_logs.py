"""What is in the log lines, and what never is: every route of the contract, with good and bad input and outages."""

import json
import logging
import re
import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ParamValidationError

from omnix import logs

from .conftest import Answer, Cloud, caller
from .worker import Worker

CONTRACT = json.loads((Path(__file__).parents[3] / "openapi.json").read_text(encoding="utf-8"))
WORD = "S3NTINEL"
PHONE = "+4930987654321"
PASSWORD = f"{WORD} horse battery"
# What a caller might send in each field; fields that are not here keep the contract's example.
FIELDS = {
    "email": f"{WORD.lower()}@shop.example",
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": PASSWORD,
    "name": f"Ada {WORD}",
    "tenant_name": f"{WORD} shop",
    "phone": PHONE,
    "notes": f"{WORD} likes tea",
    "note": f"{WORD} fell down",
    "category": f"{WORD.lower()}-tea",
    "description": f"{WORD} leaves",
    "message": f"Is there any {WORD} tea?",
}
HEADERS = (
    *("Authorization", "X-API-Key", "Idempotency-Key", "If-Match", "If-None-Match"),
    *("X-Correlation-Id", "traceparent", "User-Agent", "Origin", "Cookie"),
)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OPERATIONS = [
    (method, path, operation) for path, item in CONTRACT["paths"].items() for method, operation in item.items()
]
# What ends things comes last, and a change of password ends every other session.
OPERATIONS.sort(key=lambda found: (found[1] == "/auth/password", found[0] == "delete"))

type Call = Callable[..., Answer]


class Everything:
    """Every line that was logged or printed, with the text of every exception."""

    def __init__(self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
        self._caplog, self._capsys = caplog, capsys
        self.printed = ""

    def text(self) -> str:
        self.printed += self._capsys.readouterr().out
        records = "\n".join(str(record.__dict__) for record in self._caplog.records)
        return f"{self._caplog.text}\n{records}\n{self.printed}"

    def says_nothing_of(self, *secrets: str) -> None:
        text = self.text()
        assert text.count("request")
        for secret in {WORD, PHONE, PHONE[1:], *secrets}:
            assert secret.lower() not in text.lower(), f"{secret} in {_around(text, secret)}"


def _around(text: str, secret: str) -> str:
    place = text.lower().index(secret.lower())
    return text[max(0, place - 300) : place + 100]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], cloud: Cloud) -> Everything:
    cloud.set_parameter("monitoring/log-level", "DEBUG")
    caplog.set_level(logging.DEBUG)
    return Everything(caplog, capsys)


class Site:
    """The functions behind one contract, and what exists there: ids by the contract's names for them."""

    def __init__(self, api: Call, auth: Call, assistant: Call) -> None:
        self._calls = {"api": api, "auth": auth, "assistant": assistant}
        self.secrets: set[str] = set()
        made = self.call("POST", "/auth/register", body=self.body("Registration")).json
        self.secrets |= {made["access_token"], made["refresh_token"]}
        self.who = caller(tenant=made["user"]["tenant_id"], user=made["user"]["user_id"], session=_session(made))
        self.ids = {"session_id": _session(self.sign_in())}
        self.ids |= {"user_id": self.make("/auth/users", "UserInput", "user_id")}
        self.ids |= {"product_id": self.make("/products", "ProductInput", "product_id")}
        self.ids |= {"customer_id": self.make("/customers", "CustomerInput", "customer_id")}
        self.ids |= {"key_id": self.make("/auth/api-keys", "ApiKeyInput", "key_id")}
        self.call(
            "POST", f"/inventory/{self.ids['product_id']}/adjustments", body={"quantity": 9, "reason": "received"}
        )
        self.ids |= {"order_id": self.make("/orders", "OrderInput", "order_id")}
        self.ids |= {"conversation_id": self.make("/assistant/chat", "ChatInput", "conversation_id")}

    def call(self, method: str, path: str, template: str = "", **changes: Any) -> Answer:
        operation = CONTRACT["paths"][template or _template(path)][method.lower()]
        changes.setdefault("resource", template or path)
        changes.setdefault("authorizer", None if operation.get("security") == [] else getattr(self, "who", None))
        answer = self._calls[operation["x-omnix-function"]](method.upper(), path, **changes)
        if answer.status < 300 and "json" in answer.headers.get("Content-Type", ""):
            self.secrets |= {answer.json[name] for name in ("key", "access_token") if answer.json.get(name)}
        return answer

    def sign_in(self) -> dict[str, Any]:
        body = {"email": FIELDS["email"], "password": PASSWORD}
        made: dict[str, Any] = self.call("POST", "/auth/login", body=body).json
        self.secrets |= {made["refresh_token"], made["access_token"]}
        return made

    def make(self, path: str, schema: str, name: str) -> str:
        answer = self.call("POST", path, body=self.body(schema))
        assert answer.status in {200, 201}, answer.text
        return str(answer.json[name])

    def body(self, schema: str) -> Any:
        """The contract's example, with a sentinel in every field that a person fills in."""
        example = CONTRACT["components"]["schemas"][schema]
        return self._filled(json.loads(json.dumps(example.get("examples", [None])[0] or self._sample(example))))

    def _filled(self, node: Any) -> Any:
        if isinstance(node, dict):
            known = {**FIELDS, **getattr(self, "ids", {}), "sku": f"{WORD}-{uuid.uuid4().hex[:8].upper()}"}
            known["event_id"] = uuid.uuid4().hex
            if hasattr(self, "ids"):  # only the first registration and its sign-ins are of the one address
                known["email"] = f"{WORD.lower()}-{uuid.uuid4().hex[:8]}@shop.example"
            return {name: known[name] if name in known else self._filled(part) for name, part in node.items()}
        return [self._filled(part) for part in node] if isinstance(node, list) else node

    @staticmethod
    def _sample(schema: Any) -> Any:
        return {
            name: part.get("examples", [part.get("default", WORD)])[0] for name, part in schema["properties"].items()
        }

    def good(self, operation: dict[str, Any]) -> dict[str, Any]:
        """What belongs into the request's body."""
        name = operation["operationId"]
        if name in {"refresh", "logout"}:
            return {"body": {"refresh_token": self.sign_in()["refresh_token"]}}
        if name == "login":
            return {"body": {"email": FIELDS["email"], "password": PASSWORD}}
        if name == "sendMcpMessage":
            accept = {"Accept": "application/json, text/event-stream"}
            call = {"name": "find_products", "arguments": {"category": FIELDS["category"]}}
            return {"body": {"jsonrpc": "2.0", "id": WORD, "method": "tools/call", "params": call}, "headers": accept}
        contents = operation.get("requestBody", {}).get("content", {})
        for media, content in contents.items():
            if "example" in content:
                text = content["example"].replace("Tea", WORD)
                return {"body": text, "headers": {"Content-Type": media}}
            return {"body": self.body(content["schema"]["$ref"].rpartition("/")[2])}
        return {"query": {"product_id": self.ids["product_id"]}} if name == "listRecommendations" else {}

    def path(self, template: str) -> str:
        return str(re.sub(r"\{(\w+)\}", lambda found: self.ids[found[1]], template))


def _session(made: dict[str, Any]) -> str:
    import jwt

    return str(jwt.decode(made["access_token"], options={"verify_signature": False})["sid"])


def _template(path: str) -> str:
    if path in CONTRACT["paths"]:
        return path
    return next(
        str(template) for template in CONTRACT["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    )


@pytest.fixture
def site(api: Call, auth: Call, assistant: Call, monkeypatch: pytest.MonkeyPatch) -> Site:
    from omnix.identity import passwords

    monkeypatch.setattr(passwords, "hash_password", lambda password: f"hash of {len(password)}")
    monkeypatch.setattr(passwords, "matches", lambda stored, password: stored == f"hash of {len(password)}")
    return Site(api, auth, assistant)


def test_no_line_of_any_route_holds_what_a_caller_sent(site: Site, cloud: Cloud, lines: Everything) -> None:
    answered: defaultdict[str, set[int]] = defaultdict(set)

    def ask(method: str, template: str, path: str, **changes: Any) -> None:
        answered[f"{method} {template}"].add(site.call(method, path, template, **changes).status)

    hostile = {name: f"Bearer {WORD}" if name == "Authorization" else f"{WORD}-{PHONE}" for name in HEADERS}
    for method, template, operation in OPERATIONS:
        wrong = re.sub(r"\{\w+\}", WORD, template)
        query = {found["name"]: WORD for found in operation.get("parameters", []) if found["in"] == "query"}
        bodies: list[Any] = [
            "{" + WORD,
            json.dumps({WORD: WORD, "email": PHONE, "password": WORD}),
            f"{WORD},{PHONE}\n1,2",
        ]
        for body in bodies if "requestBody" in operation else [None]:
            ask(method, template, wrong, headers=hostile, query=query, body=body)
            ask(method, template, site.path(template), headers=hostile, body=body)
        ask(method, template, site.path(template), **site.good(operation))
    Worker(cloud).catch_up()
    lines.says_nothing_of(*site.secrets)
    never = [route for route, statuses in answered.items() if min(statuses) >= 300]
    assert never == ["delete /products/{product_id}"], dict(answered)  # it has stock
    assert {status for statuses in answered.values() for status in statuses} >= {200, 201, 204, 400, 404, 422}


def _refused(code: str) -> ClientError:
    said: Any = {"Code": code, "Message": f"The value {WORD} of {PHONE} is not valid"}
    answer: Any = {"Error": said, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, "PutItem")


@pytest.mark.parametrize(
    "error",
    [
        _refused("ValidationException"),
        ParamValidationError(report=f"Invalid type for parameter {WORD}: {PHONE}"),
        KeyError(WORD),
        ValueError(f"{WORD} is not an e-mail address"),
    ],
)
def test_no_line_of_a_failure_holds_what_was_refused(
    site: Site, lines: Everything, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """pydantic, botocore and DynamoDB repeat in their messages the value that they refuse."""
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def broken(self: Any, operation: str, arguments: Any) -> Any:
        if operation in {"GetParameters", "GetSecretValue"}:
            return plain(self, operation, arguments)
        raise error

    monkeypatch.setattr(BaseClient, "_make_api_call", broken)
    for method, template, operation in OPERATIONS:
        if "system" in operation["tags"] or template == "/openapi.json":
            continue
        status = site.call(method, site.path(template), template, **_unsent(site, operation)).status
        # an import reports each line's failure, and MCP a tool's, inside of the answer
        assert status >= 400 or operation["operationId"].startswith(("import", "sendMcp"))
    lines.says_nothing_of(*site.secrets)
    assert type(error).__name__ in lines.text()


def _unsent(site: Site, operation: dict[str, Any]) -> dict[str, Any]:
    if operation["operationId"] in {"refresh", "logout"}:
        return {"body": {"refresh_token": "omr_" + "A" * 91}}
    return site.good(operation)


def test_what_is_stored_is_not_logged_when_it_cannot_be_read(site: Site, cloud: Cloud, lines: Everything) -> None:
    """By the routes (a model that does not fit), nor by the worker."""
    tenant = site.who["tenant_id"]
    items = [item for item in cloud.items("customer-profiles") if item["pk"] == f"TENANT#{tenant}"]
    for item in items:
        cloud.client("dynamodb").update_item(
            TableName="omnix-ai-dev-customer-profiles",
            Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
            UpdateExpression="SET version = :wrong",
            ExpressionAttributeValues={":wrong": {"S": f"{WORD} {PHONE}"}},
        )
    path = f"/customers/{site.ids['customer_id']}"
    assert site.call("get", path, "/customers/{customer_id}").status == 500
    record = {
        "eventID": "1",
        "eventName": "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:1:table/omnix-ai-dev-orders/stream/x",
        "dynamodb": {
            "SequenceNumber": "1",
            "ApproximateCreationDateTime": 1.0,
            "NewImage": {
                "pk": {"S": f"TENANT#{tenant}"},
                "sk": {"S": "ORDER#1"},
                "entity": {"S": WORD},
                WORD: {"B": PHONE},
            },
        },
    }
    assert Worker(cloud).deliver([record]) == ["1"]
    lines.says_nothing_of(*site.secrets)
    assert "a change could not be followed" in lines.text()


def test_no_line_of_the_authorizer_holds_a_credential(
    site: Site, lines: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    import authorizer.handler
    from omnix.admission.service import admission

    monkeypatch.setattr(authorizer.handler, "gate", admission())
    arn = "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/dev/GET/products/7"

    def ask(credential: str) -> None:
        asked = {"type": "REQUEST", "methodArn": arn, "headers": {"Authorization": f"Bearer {credential}"}}
        with pytest.raises(Exception, match=r"^(Unauthorized|no decision)$") as raised:
            authorizer.handler.handler(asked, None)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__

    wrong = {WORD, f"omx_{WORD}", *(f"{secret}x" for secret in site.secrets)}
    for credential in wrong:
        ask(credential)

    def broken(*_: Any) -> Any:
        raise ValueError(f"{WORD} {PHONE}")

    monkeypatch.setattr(authorizer.handler.gate, "admit", broken)
    for credential in site.secrets:
        ask(credential)
    lines.says_nothing_of(*site.secrets, *wrong)
    assert "no decision" in lines.text()


def test_a_request_line_says_who_what_and_how_long(api: Call, caplog: pytest.LogCaptureFixture) -> None:
    api(
        "GET",
        "/products/p1",
        resource="/products/{product_id}",
        headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
    )
    (record,) = [record.__dict__ for record in caplog.records if record.getMessage() == "request"]
    said = {name: record[name] for name in ("method", "route", "status")}
    assert said == {"method": "GET", "route": "/products/{product_id}", "status": 404}
    assert record["ms"] > 0
    assert isinstance(record["cold_start"], bool)


def test_every_line_of_a_request_has_its_ids(api: Call) -> None:
    from omnix.http import logger

    api("GET", "/products", authorizer=caller(tenant="t7"), headers={"X-Correlation-Id": TRACE})
    ids = logger.get_current_keys()
    assert (ids["request_id"], ids["correlation_id"], ids["tenant_id"]) == ("request-1", TRACE, "t7")
    api("GET", "/system/health", authorizer=None)
    ids = logger.get_current_keys()
    assert (ids["correlation_id"], ids["tenant_id"]) == ("request-1", None)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "request-1"),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"TraceParent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Correlation-Id": "0" * 32}, TRACE),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, "request-1"),
        ({"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"}, "request-1"),
        ({"X-Correlation-Id": "3F2504E0-4F89-11D3-9A0C-0305E82C3301"}, "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        ({"x-correlation-id": TRACE}, TRACE),
        ({"X-Correlation-Id": "ada@shop.example"}, "request-1"),
        ({"X-Correlation-Id": "4930123456789"}, "request-1"),
        ({"X-Correlation-Id": f"{TRACE}\nlevel=ERROR"}, "request-1"),
    ],
)
def test_a_well_formed_correlation_is_answered_and_nothing_else_is(
    api: Call, headers: dict[str, str], expected: str
) -> None:
    assert api("GET", "/system/health", headers=headers).headers["X-Correlation-Id"] == expected


def test_only_the_first_invocation_of_a_process_is_a_cold_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_cold", True)
    assert [logs.cold_start() for _ in range(3)] == [True, False, False]


def test_the_level_is_info_while_parameter_store_is_away(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from omnix.parameters import parameters

    def away(*_: Any) -> Any:
        raise _refused("ThrottlingException")

    monkeypatch.setattr(BaseClient, "_make_api_call", away)
    assert logs.level(parameters()) == "INFO"
    answer = api("GET", "/system/health", headers={"Origin": "https://console.dev.example"})
    assert (answer.status, "Access-Control-Allow-Origin" in answer.headers) == (200, False)


def test_the_worker_goes_on_without_its_log_level(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from omnix.parameters import parameters
    from worker.handler import handler

    cloud.set_parameter("monitoring/log-level", "NONSENSE")
    parameters.cache_clear()
    assert handler({"Records": []}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)) == {
        "batchItemFailures": []
    }
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *_: (_ for _ in ()).throw(_refused("ThrottlingException")))
    parameters.cache_clear()
    assert handler({"Records": []}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)) == {
        "batchItemFailures": []
    }
