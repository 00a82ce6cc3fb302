"""What callers send that is no ordinary request, over real sockets."""

import gzip
import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.unit.localcloud.api_documents import API, STAGE, admit, documents
from tests.unit.localcloud.conftest import Running, create_echo

LOG_FORMAT = '{"agent":"$context.identity.userAgent","domain":"$context.domainName","status":"$context.status"}'
BASE = f"/{API}/{STAGE}"


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    described = documents()
    described["apigateway:stage"][f"{API}/{STAGE}"]["access_log"]["format"] = LOG_FORMAT
    running = launch(described)
    create_echo(running)
    admit(running)
    running.client("logs").create_log_group(logGroupName="access")
    return running


@pytest.fixture
def http(cloud: Running) -> httpx.Client:
    return httpx.Client(base_url=f"{cloud.info['gateway_url']}{BASE}", timeout=35)


@pytest.fixture
def send(cloud: Running) -> Callable[[bytes], tuple[int, str]]:
    """Bytes to the gateway; the status and the body that come back."""
    address = urlsplit(cloud.info["gateway_url"])

    def call(request: bytes) -> tuple[int, str]:
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(request)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()

    return call


def _get(target: str = f"{BASE}/any", headers: bytes = b"", version: str = "1.1") -> bytes:
    start = f"GET {target} HTTP/{version}\r\nHost: a\r\nConnection: close\r\n"
    return start.encode() + headers + b"\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01 secret\r\n\r\n", 400),
        (_get(headers=b"X-A : secret\r\n"), 400),
        (_get(headers=b"X-A: secret\x00\r\n"), 400),
        (_get(headers=b"Host: secret\r\n"), 400),
        (_get(headers=b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"), 400),
        (_get(f"{BASE}/any secret"), 400),
        (_get(version="2.0"), 505),
        (f"GET {BASE}/any\r\n\r\n".encode(), 505),
        (_get(headers=b"X-A: " + b"secret" * 2000 + b"\r\n"), 431),
        (_get(f"{BASE}/any?" + "secret" * 2000), 431),
        (_get(headers=b"X-A: " + b"a" * 6000 + b"\r\nX-B: " + b"b" * 6000 + b"\r\n"), 431),
    ],
)
def test_what_is_not_http_is_refused_in_json_that_repeats_nothing(
    send: Callable[[bytes], tuple[int, str]], request_bytes: bytes, status: int
) -> None:
    found, body = send(request_bytes)
    assert found == status
    assert json.loads(body).keys() == {"message"}
    assert "secret" not in body


def test_headers_may_fill_api_gateways_ten_kilobytes(http: httpx.Client) -> None:
    assert http.get("/any", headers={"X-A": "a" * 9000}).status_code == 200


def test_a_target_in_absolute_form_is_served(send: Callable[[bytes], tuple[int, str]]) -> None:
    status, body = send(_get(f"http://elsewhere.example{BASE}/any?a=1"))
    assert (status, json.loads(body)["path"], json.loads(body)["queryStringParameters"]) == (200, "/any", {"a": "1"})


def test_a_compressed_body_reaches_the_function_as_it_was_sent(http: httpx.Client) -> None:
    content = gzip.compress(b'{"a": 1}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert http.post("/any", content=content, headers=headers).json()["body"] == content.decode("utf-8", "replace")
    assert http.post("/any", content=b"no gzip", headers=headers).json()["body"] == "no gzip"


@pytest.mark.parametrize("size", [7, 9])
def test_a_body_that_lambda_does_not_take_is_413(http: httpx.Client, size: int) -> None:
    assert http.post("/any", content=b"x" * (size * 1024 * 1024)).status_code == 413


def test_a_semicolon_ends_a_query_parameter(http: httpx.Client) -> None:
    assert http.get("/any?a=1;b=2").json()["queryStringParameters"] == {"a": "1", "b": "2"}


def test_what_api_gateway_writes_itself_replaces_what_was_sent(http: httpx.Client) -> None:
    sent = {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "gopher", "x-amzn-trace-id": "not one"}
    headers = http.get("/any", headers=sent).json()["multiValueHeaders"]
    own = {name: values for name, values in headers.items() if name.lower() in sent}
    assert own["X-Forwarded-For"] == ["192.0.2.1, 127.0.0.1"]
    assert own["X-Forwarded-Proto"] == ["http"]
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", own["X-Amzn-Trace-Id"][0])
    assert len(own) == 3
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    found = http.get("/any", headers={"x-amzn-trace-id": trace}).json()["headers"]
    assert found["X-Amzn-Trace-Id"] == trace


def test_bytes_that_are_no_text_neither_fail_nor_stop_the_log(
    cloud: Running, http: httpx.Client, send: Callable[[bytes], tuple[int, str]]
) -> None:
    status, body = send(_get(headers=b"User-Agent: \xff\xfe\r\n"))
    assert (status, json.loads(body)["headers"]["User-Agent"]) == (200, "\ufffd\ufffd")
    status, _ = send(_get().replace(b"Host: a", b"Host: \xff"))
    assert status == 200
    http.get("/any", headers={"User-Agent": 'x","status":"200","agent":"forged'})
    http.get("/any", headers={"User-Agent": "last"})
    lines = _lines(cloud, until="last")
    assert {line["agent"] for line in lines} >= {"\ufffd\ufffd", 'x","status":"200","agent":"forged', "last"}
    assert "\ufffd" in {line["domain"] for line in lines}


def _lines(cloud: Running, until: str) -> list[dict[str, Any]]:
    """The access log's lines, as soon as one of that agent is there."""
    deadline = time.monotonic() + 10
    lines: list[dict[str, Any]] = []
    while until not in {line["agent"] for line in lines} and time.monotonic() < deadline:
        events = cloud.client("logs").filter_log_events(logGroupName="access")["events"]
        lines = [json.loads(event["message"]) for event in events]
        time.sleep(0.05)
    return lines
