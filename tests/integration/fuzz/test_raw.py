"""Requests as no client library sends them: whatever it is, the answer is the one error, and it is no 5xx.

Written to the socket byte by byte, so that nothing is mended on the way.
"""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.conftest import Environment
from tests.integration.test_bad_input import open_shop

PRODUCT = {"sku": "TEA-1", "name": "Earl Grey", "category": "tea", "price": {"amount": 499, "currency": "EUR"}}


@dataclass
class Wire:
    """A signed-in caller who writes the request himself."""

    url: str
    credential: bytes

    def send(self, head: bytes, body: bytes = b"", *, declared: int | None = None) -> tuple[int, dict[str, str], bytes]:
        """The answer to `head` (request line and headers; `{base}` is the API's path) and `body`."""
        parts = urlsplit(self.url)
        lines = [
            head.replace(b"{base}", parts.path.encode()),
            f"Host: {parts.netloc}".encode(),
            self.credential,
            b"Connection: close",
        ]
        if body:
            lines.append(f"Content-Length: {len(body) if declared is None else declared}".encode())
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30) as connection:
            connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            answer = HTTPResponse(connection)
            answer.begin()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def post(self, body: bytes, media: bytes = b"application/json", path: bytes = b"/products") -> Any:
        """A POST of `body`."""
        return self.send(b"POST {base}" + path + b" HTTP/1.1\r\nContent-Type: " + media, body)


@pytest.fixture(scope="module")
def wire(dev: Environment) -> Iterator[Wire]:
    shop = open_shop(dev)
    yield Wire(dev.summary["api_url"], f"Authorization: Bearer {shop.access}".encode())
    assert shop.products() == [], "what was refused is not written"


def assert_refused(answer: tuple[int, dict[str, str], bytes], *statuses: int) -> None:
    """Assert the one error shape under one of `statuses`, and nothing of the request in the headers."""
    status, headers, content = answer
    assert status in statuses, f"{status} {content[:300]!r}"
    error = json.loads(content)["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert headers["content-type"].startswith("application/json")
    assert "x-injected" not in headers


def product(**changes: Any) -> bytes:
    return json.dumps({**PRODUCT, **changes}).encode()


BODIES = {
    "cut off": product()[:-1],
    "two documents": product() + product(),
    "a trailing comma": b'{"sku":"TEA-1",}',
    "a comment": b'/**/{"sku":"TEA-1"}',
    "single quotes": b"{'sku':'TEA-1'}",
    "a byte-order mark": b"\xef\xbb\xbf" + product(),
    "utf-16": product().decode().encode("utf-16"),
    "utf-32": product().decode().encode("utf-32"),
    "latin-1": '{"sku":"TEA-1","name":"Thé"}'.encode("latin-1"),
    "an overlong encoding": b'{"sku":"\xc0\xaf"}',
    "an encoded surrogate": b'{"sku":"\xed\xa0\x80"}',
    "an escaped lone surrogate": product(name="\udc00"),
    "a lone surrogate as a key": b'{"\\ud800":1}',
    "a raw NUL": b'{"sku":"\x00"}',
    "an escaped NUL": product(name="\0"),
    "a raw line break in a string": b'{"sku":"TEA\n1"}',
    "nan": b'{"price":{"amount":NaN}}',
    "a number too long to read": b'{"price":{"amount":' + b"9" * 5000 + b"}}",
    "an exponent too large": b'{"price":{"amount":1e999}}',
    "an exponent that is an integer of a million digits": b'{"price":{"amount":1E1000000}}',
    "a number beyond 64 bits": product(price={"amount": 2**64, "currency": "EUR"}),
    "a number beyond what a float holds": product(price={"amount": 10**400, "currency": "EUR"}),
    "minus zero and a half": product(price={"amount": -0.5, "currency": "EUR"}),
    "true as a number": product(price={"amount": True, "currency": "EUR"}),
    "a number as text": product(price={"amount": "1", "currency": "EUR"}),
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep arrays": b"[" * 100_000,
    "a hundred thousand unknown fields": json.dumps(dict.fromkeys(map(str, range(50_000)), 1)).encode(),
    "a key twice, the last of the wrong type": product()[:-1] + b',"sku":1}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_not_the_documented_json_is_refused(wire: Wire, body: bytes) -> None:
    assert_refused(wire.post(body), 400, 422)


MEDIA = {
    "nothing": b"", "no slash": b"json", "another": b"text/html", "a list": b"application/json, text/csv",
    "another charset": b"application/json; charset=utf-16", "latin-1": b"application/json; charset=latin1",
    "not ascii": b"application/j\xffson", "very long": b"a/" + b"b" * 5000,
    "an import's type where JSON is due": b"text/csv",
}  # fmt: skip


@pytest.mark.parametrize("media", MEDIA.values(), ids=MEDIA)
def test_a_body_of_another_media_type_is_refused(wire: Wire, media: bytes) -> None:
    answer = wire.post(product(name=""), media)
    assert_refused(answer, 415, 422)


FILES = {
    "json": product(), "not utf-8": b"sku,name\r\n\xff,\xfe\r\n", "nul": b"\0", "no header": b"TEA-1,Earl Grey\r\n",
    "an open quote": b'sku,name\r\n"TEA-1', "a formula as a header": b"=cmd|' /C calc'!A0\r\n",
    "one endless line": b"x" * 300_000,
}  # fmt: skip


@pytest.mark.parametrize("body", FILES.values(), ids=FILES)
@pytest.mark.parametrize("path", [b"/products/import", b"/inventory/import"])
def test_a_file_that_is_no_import_is_refused(wire: Wire, path: bytes, body: bytes) -> None:
    assert_refused(wire.post(body, b"text/csv", path), 400, 422)


TARGETS = {
    "an encoded slash": (b"/products/a%2Fb", (404,)),
    "an encoded backslash": (b"/products/a%5Cb", (404,)),
    "dots": (b"/products/%2e%2e", (404,)),
    "dots and slashes": (b"/products/..%2F..%2Fsystem%2Fhealth", (404,)),
    "an encoded nul": (b"/products/%00", (404,)),
    "an encoded line break": (b"/products/a%0d%0aX-Injected:%201", (404,)),
    "not utf-8": (b"/products/%ff%fe", (404,)),
    "an encoded surrogate": (b"/products/%ed%a0%80", (404,)),
    "half an escape": (b"/products/%", (400, 404)),
    "no escape": (b"/products/%zz", (400, 404)),
    "twice encoded": (b"/products/%252e%252e%252f", (404,)),
    "a key of the table": (b"/products/TENANT%23other", (404,)),
    "longer than a key may be": (b"/products/" + b"a" * 3000, (404,)),
    "a pipe and braces": (b"/products/%7B%7D%7C", (404,)),
    "an empty segment": (b"/products//", (403, 404)),
    "a query without end": (b"/products?" + b"&" * 2000 + b"limit=x", (422,)),
    "a parameter twice, the last one wrong": (b"/products?limit=1&limit=x", (422,)),
    "a parameter twice, the first one wrong": (b"/products?limit=0&limit=1", (200, 422)),
    "a parameter of nothing": (b"/products?limit=", (422,)),
    "a number in other digits": (b"/products?limit=%D9%A3", (422,)),
    "a number with an underscore": (b"/products?limit=1_0", (422,)),
    "a number with a plus": (b"/products?limit=%2B5", (422,)),
    "a number with a space": (b"/products?limit=%205", (422,)),
    "a number as a float": (b"/products?limit=1.0", (422,)),
    "an endless number": (b"/products?limit=" + b"9" * 5000, (422,)),
    "a cursor of another making": (b"/products?cursor=eyJwayI6IlRFTkFOVCJ9", (400,)),
    "a cursor that is no base64": (b"/products?cursor=%00%ff", (400,)),
    "a prefix that is not utf-8": (b"/products?prefix=%ff", (200, 400, 422)),
    "a currency with a line break": (b"/products?currency=EUR%0a", (422,)),
    "a status with a nul": (b"/products?status=active%00", (422,)),
    "an id with a line break": (b"/orders?customer_id=" + b"a" * 32 + b"%0a", (422,)),
}


@pytest.mark.parametrize(("target", "statuses"), TARGETS.values(), ids=TARGETS)
def test_an_address_that_cannot_be_is_refused(wire: Wire, target: bytes, statuses: tuple[int, ...]) -> None:
    answer = wire.send(b"GET {base}" + target + b" HTTP/1.1")
    if answer[0] == 200 and 200 in statuses:
        assert "items" in json.loads(answer[2])
        return
    assert_refused(answer, *statuses)


HEADERS = {
    "an idempotency key that is not ascii": b"Idempotency-Key: \xff\xfe",
    "an idempotency key without end": b"Idempotency-Key: " + b"k" * 300,
    "an empty idempotency key": b"Idempotency-Key: ",
    "a folded header": b"X-Anything: a\r\n b",
    "a length that is none": b"X-Length: -1",
    "an origin with a line break in it": b"Origin: https://x.example%0d%0aX-Injected: 1",
    "an encoding that is not offered": b"Content-Encoding: gzip",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_that_cannot_be_is_refused_or_means_nothing(wire: Wire, header: bytes) -> None:
    # the product has no name, so that a header that means nothing ends in 422
    answer = wire.send(
        b"POST {base}/products HTTP/1.1\r\nContent-Type: application/json\r\n" + header, product(name="")
    )
    if answer[0] == 400 and b'"error"' not in answer[2]:
        assert header == HEADERS["a folded header"], "only what is no HTTP is refused by the server before the API"
        return
    assert_refused(answer, 400, 415, 422)


CREDENTIALS = {
    "no token": b"Bearer", "a space": b"Bearer ", "no scheme": b"x", "another scheme": b"Basic YTpi",
    "two tokens": b"Bearer a b", "not ascii": b"Bearer \xff", "dots": b"Bearer ..", "long": b"Bearer " + b"a." * 2000,
    "a signature of aws": b"AWS4-HMAC-SHA256 Credential=x", "no algorithm": b"Bearer eyJhbGciOiJub25lIn0.e30.",
    "no such key": b"omx_" + b"a" * 43,
}  # fmt: skip


@pytest.mark.parametrize("header", [b"Authorization: ", b"X-API-Key: "])
@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
def test_a_credential_that_is_none_is_refused(dev: Environment, header: bytes, credential: bytes) -> None:
    wire = Wire(dev.summary["api_url"], header + credential)
    assert_refused(wire.send(b"GET {base}/products HTTP/1.1"), 401, 403)
