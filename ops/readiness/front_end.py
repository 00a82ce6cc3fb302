"""The front-end contract: what a browser on an allowed origin may do, and a foreign one may not.

The incidents: an allow-list that was too narrow, gateway-made errors that a page could not read, a page that
called another environment.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ops.readiness.answers import answered, json_error
from ops.readiness.checks import Check, Failed, Site, Skipped, require
from ops.readiness.verdict import Category
from ops.stack import Cloud, is_loopback

if TYPE_CHECKING:
    import httpx

    from ops.readiness.contract import Contract

# Requirement N2; the last two are what writes and updates need.
HEADERS = ("content-type", "authorization", "x-api-key", "x-client-type", "idempotency-key", "if-match")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_FOREIGN = "https://attacker.example"
_ENVIRONMENTS = frozenset({"dev", "development", "staging", "prod", "production"})
_NAMES = {
    "dev": {"dev", "development"},
    "staging": {"staging"},
    "prod": {"prod", "production"},
}


def checks(contract: Contract) -> list[Check]:
    """One pre-flight check per path of the contract (every allowed origin, every method), and the rest."""
    named: list[tuple[str, Any]] = [
        (f"pre-flight of {path}", partial(_preflight, path=path, methods=methods))
        for path, methods in contract.paths.items()
    ]
    named += [
        ("a pre-flight names the methods and headers that a page needs", _preflight_headers),
        ("an answer names the caller's origin, allows credentials and exposes ETag", _answer_headers),
        ("an error made by a function can be read by the page", _function_error),
        ("a foreign origin is refused", _foreign_origin),
        ("404 made by the gateway has the error shape and CORS", _gateway_404),
        ("401 made by the gateway has the error shape and CORS", _gateway_401),
        ("405 made by the gateway has the error shape and CORS", _gateway_405),
        ("origins and addresses name no other environment", _own_addresses),
        ("no development address in prod", _no_development_address),
    ]
    return [Check(Category.FRONT_END, name, run) for name, run in named]


def _origins(site: Site) -> list[str]:
    """Allowed origins; none configured means that page and API share one origin, and there is no CORS to check."""
    if not site.stack.outputs.cors_origins:
        raise Skipped("the stack allows no other origin: page and API share one")
    return site.stack.outputs.cors_origins


def _concrete(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "readiness-none", path)


def _ask(site: Site, path: str, origin: str, method: str) -> httpx.Response:
    return site.api.send(
        "OPTIONS",
        _concrete(path),
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ", ".join(HEADERS),
        },
    )


def _preflight(site: Site, *, path: str, methods: tuple[str, ...]) -> None:
    for origin in _origins(site):
        for method in methods:
            response = answered(_ask(site, path, origin, method), 200, 204)
            _require_cors(response, origin, f"pre-flight of {method} from {origin}")
            allowed = _listed(response, "access-control-allow-methods")
            require(method.lower() in allowed, f"{method} is not allowed from {origin}")


def _require_cors(response: httpx.Response, origin: str, what: str) -> None:
    allowed = response.headers.get("access-control-allow-origin")
    require(allowed == origin, f"{what}: Access-Control-Allow-Origin is {allowed or 'missing'}, not {origin}")
    credentials = response.headers.get("access-control-allow-credentials")
    require(credentials == "true", f"{what}: Access-Control-Allow-Credentials is {credentials or 'missing'}")


def _listed(response: httpx.Response, header: str) -> set[str]:
    return {part.strip().lower() for part in response.headers.get(header, "").split(",") if part.strip()}


def _preflight_headers(site: Site) -> None:
    response = answered(_ask(site, "/products", _origins(site)[0], "POST"), 200, 204)
    methods = _listed(response, "access-control-allow-methods")
    lacking = [method for method in METHODS if method.lower() not in methods]
    headers = _listed(response, "access-control-allow-headers")
    lacking += [header for header in HEADERS if header not in headers]
    require(not lacking, f"not allowed: {', '.join(lacking)}")


def _answer_headers(site: Site) -> None:
    token = site.need("access_token")
    for origin in _origins(site):
        response = site.api.send("GET", "/products", token=token, headers={"Origin": origin})
        _require_cors(answered(response, 200), origin, "GET /products")
        exposed = _listed(response, "access-control-expose-headers")
        require("etag" in exposed, "ETag is not exposed, so a page cannot send If-Match")


def _function_error(site: Site) -> None:
    origin = _origins(site)[0]
    response = site.api.send("POST", "/auth/login", headers={"Origin": origin}, raw=b"{")
    json_error(response, 400)
    _require_cors(response, origin, "400 of POST /auth/login")


def _foreign_origin(site: Site) -> None:
    token = site.need("access_token")
    for response in (
        _ask(site, "/products", _FOREIGN, "GET"),
        site.api.send("GET", "/products", token=token, headers={"Origin": _FOREIGN}),
        site.api.send("GET", "/products", headers={"Origin": _FOREIGN}),
    ):
        allowed = response.headers.get("access-control-allow-origin", "")
        require(allowed not in {_FOREIGN, "*", "null"}, f"Access-Control-Allow-Origin: {allowed} for {_FOREIGN}")


def _gateway_404(site: Site) -> None:
    _gateway_error(site, "GET", "/readiness/no-such-route", 404, "not_found")


def _gateway_401(site: Site) -> None:
    _gateway_error(site, "GET", "/products", 401, "unauthorized")


def _gateway_405(site: Site) -> None:
    response = _gateway_error(site, "DELETE", "/products", 405, "method_not_allowed")
    allow = _listed(response, "allow")
    require({"get", "post"} <= allow, f"Allow is {', '.join(sorted(allow)) or 'missing'}")


def _gateway_error(site: Site, method: str, path: str, status: int, code: str) -> httpx.Response:
    """A gateway's own answer is static and can name one origin only: it must be one of ours."""
    origins = site.stack.outputs.cors_origins
    response = site.api.send(method, path, headers={"Origin": origins[0]} if origins else {})
    json_error(response, status, code)
    if origins:
        allowed = response.headers.get("access-control-allow-origin")
        known = {*origins, site.stack.outputs.site_url}
        require(allowed in known, f"Access-Control-Allow-Origin is {allowed or 'missing'}")
    return response


def _addresses(site: Site) -> list[str]:
    outputs = site.stack.outputs
    return [
        *outputs.cors_origins,
        *(url for url in (outputs.api_url, outputs.site_url, outputs.websocket_url) if url),
    ]


def _own_addresses(site: Site) -> None:
    others = _ENVIRONMENTS - _NAMES.get(site.stack.name, {site.stack.name})
    # Whole tokens: "prod" is in "products".
    foreign = [url for url in _addresses(site) if others & set(re.split(r"[^a-z0-9]+", url.lower()))]
    require(not foreign, f"names another environment: {', '.join(foreign)}")


def _no_development_address(site: Site) -> None:
    if site.stack.name != "prod":
        raise Skipped("only prod is free of development addresses")
    # The local cloud serves prod on this machine too; what browsers are told must still be prod's.
    local = site.stack.place.cloud is Cloud.LOCAL
    addresses = site.stack.outputs.cors_origins if local else _addresses(site)
    bad = [url for url in addresses if is_loopback(url) or urlsplit(url).scheme not in {"https", "wss"} or "*" in url]
    if bad:
        raise Failed(f"development or insecure addresses: {', '.join(bad)}")
