"""A small platform in memory: answers as the contract says, or with one defect, to see that a check notices."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import secrets
import time
from typing import Any

import httpx
from botocore.exceptions import ClientError

from tests.unit.ops import fake_shop

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "security": [{"bearer": []}, {"apiKey": []}],
    "paths": {
        "/system/health": {"get": {"security": []}},
        "/system/readiness": {"get": {"security": []}},
        "/system/version": {"get": {"security": []}},
        "/openapi.json": {"get": {"security": []}},
        "/auth/register": {"post": {"security": []}},
        "/auth/login": {"post": {"security": []}},
        "/auth/refresh": {"post": {"security": []}},
        "/auth/logout": {"post": {"security": []}},
        "/auth/me": {"get": {}},
        "/auth/validate": {"get": {}},
        "/products": {"get": {}, "post": {}},
        "/products/{product_id}": {"get": {}, "put": {}, "patch": {}, "delete": {}},
        "/dashboard/summary": {"get": {}},
        **fake_shop.PATHS,
    },
}
ORIGINS = ["http://localhost:5173", "https://dev.omnix-ai.example"]
KID = "version-1"
JWT_KEY = "k" * 64
API_KEY = "omx_platformplatformplatform"
TABLES = {"users": "omnix-ai-dev-users", "products": "omnix-ai-dev-products"}
OUTPUTS: dict[str, Any] = {
    "environment": "dev",
    "region": "eu-central-1",
    "account_id": "100000000001",
    "api_url": "http://127.0.0.1:9/abc/dev",
    "parameter_prefix": "/omnix-ai/dev",
    "functions": {
        name: {"name": f"omnix-ai-dev-{name}", "arn": f"arn:{name}", "alias_arn": f"arn:{name}:live"}
        for name in ("api", "auth")
    },
    "tables": TABLES,
    "secrets": {name: f"arn:secret:{name}" for name in ("JWT_SECRET", "JWT_REFRESH_SECRET", "API_KEY_1")},
    "cors_origins": ORIGINS,
}

_METHODS = "GET,POST,PUT,PATCH,DELETE,OPTIONS"
_HEADERS = "Content-Type,Authorization,X-API-Key,X-Client-Type,Idempotency-Key,If-Match"
_PREFIX = "/abc/dev"


class RefusalError(Exception):
    """An error answer; made by the gateway when no function sees the request."""

    def __init__(self, status: int, code: str, *, gateway: bool = False, details: Any = (), **headers: str) -> None:
        super().__init__(code)
        self.status, self.code, self.gateway, self.details = status, code, gateway, list(details)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class FakePlatform:
    """The REST API as an httpx handler, and the AWS clients behind it. `defects` are names used in the tests."""

    def __init__(self, *defects: str) -> None:
        self.defects = set(defects)
        self.users: dict[str, dict[str, Any]] = {}
        self.families: dict[str, tuple[str, str]] = {}  # refresh token -> (session, email)
        self.used: dict[str, str] = {}
        self.products: dict[str, dict[str, Any]] = {}
        self.replays: dict[str, str] = {}
        self.requests: list[httpx.Request] = []
        self.shop = fake_shop.FakeShop(self.defects, self.products)

    # --- HTTP -----------------------------------------------------------------------------------------------------

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        origin = request.headers.get("origin")
        path = request.url.path.removeprefix(_PREFIX)
        if request.method == "OPTIONS":
            return httpx.Response(204, headers=self._cors(origin, preflight=True))
        try:
            status, body, headers = self._answer(request, path)
        except RefusalError as refusal:
            return self._refused(refusal, origin)
        headers = {**self._cors(origin), **headers}
        return (
            httpx.Response(status, headers=headers)
            if body is None
            else httpx.Response(status, json=body, headers=headers)
        )

    def _cors(self, origin: str | None, *, preflight: bool = False) -> dict[str, str]:
        if "any origin" not in self.defects and origin not in ORIGINS:
            return {}
        if "one origin" in self.defects and origin != ORIGINS[0]:
            return {}
        headers = {"Access-Control-Allow-Origin": origin or "*", "Access-Control-Allow-Credentials": "true"}
        if preflight:
            return headers | {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": _HEADERS}
        return headers | {"Access-Control-Expose-Headers": "ETag"}

    def _refused(self, refusal: RefusalError, origin: str | None) -> httpx.Response:
        body: Any = {"error": {"code": refusal.code, "message": "No.", "details": refusal.details, "request_id": "r"}}
        cors = self._cors(ORIGINS[0]) if refusal.gateway else self._cors(origin)
        if refusal.gateway and "plain gateway errors" in self.defects:
            body, cors = {"message": "Missing Authentication Token"}, {}
        return httpx.Response(refusal.status, json=body, headers={**cors, **refusal.headers})

    def _answer(self, request: httpx.Request, path: str) -> tuple[int, Any, dict[str, str]]:
        method = request.method
        known = sorted(CONTRACT["paths"], key=lambda p: p.count("{"))  # literal paths first
        item = next((p for p in known if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", p), path)), None)
        if item is None:
            raise RefusalError(404, "not_found", gateway=True)
        if method.lower() not in CONTRACT["paths"][item]:
            allowed = ", ".join(m.upper() for m in CONTRACT["paths"][item])
            raise RefusalError(405, "method_not_allowed", gateway=True, Allow=allowed)
        if path.startswith("/system") or path == "/openapi.json":
            return self._system(path)
        public = {
            "/auth/register": self._register,
            "/auth/login": self._login,
            "/auth/refresh": self._refresh,
            "/auth/logout": self._logout,
        }
        return public[path](self._json(request)) if path in public else self._protected(request, path)

    def _protected(self, request: httpx.Request, path: str) -> tuple[int, Any, dict[str, str]]:
        caller = self._caller(request)
        if path == "/auth/me":
            return 200, caller, {}
        if path == "/auth/validate":
            if caller["auth"] == "jwt" and caller["sid"] not in {sid for sid, _ in self.families.values()}:
                raise RefusalError(401, "unauthorized")
            return 200, {**caller, "valid": True}, {}
        if path == "/dashboard/summary":
            return 200, self._summary(caller["tenant_id"]), {}
        try:
            found = self.shop.answer(request, path)
        except fake_shop.RefusedSaleError as refused:
            raise RefusalError(refused.status, refused.code, details=refused.details) from refused
        if found is not None:
            return found
        if path == "/products":
            return self._list(request, caller) if request.method == "GET" else self._create(request, caller)
        return self._one(request, caller, path.rsplit("/", 1)[1])

    def _json(self, request: httpx.Request) -> Any:
        try:
            body = json.loads(request.content)
        except ValueError:
            if "500 on malformed JSON" in self.defects:
                raise RefusalError(500, "internal_error") from None
            raise RefusalError(400, "invalid_json") from None
        return body

    def _system(self, path: str) -> tuple[int, Any, dict[str, str]]:
        if path == "/openapi.json":
            return 200, CONTRACT | ({"servers": []} if "contract drift" in self.defects else {}), {}
        if path == "/system/readiness" and "table away" in self.defects:
            raise RefusalError(503, "unavailable", details=[{"name": "table products", "ok": False}])
        environment = "prod" if "wrong environment" in self.defects else "dev"
        return 200, {"status": "ok", "ok": True, "checks": [], "version": "1", "environment": environment}, {}

    # --- identity -------------------------------------------------------------------------------------------------

    def _register(self, body: Any) -> tuple[int, Any, dict[str, str]]:
        if "registration down" in self.defects:
            raise RefusalError(500, "internal_error")
        if not isinstance(body.get("name"), str):
            raise RefusalError(422, "validation_failed", details=[{"location": f"body.{name}"} for name in body])
        if body["email"] in self.users:
            raise RefusalError(409, "conflict")
        user = {"user_id": secrets.token_hex(4), "tenant_id": secrets.token_hex(16), "role": "owner"}
        self.users[body["email"]] = {**user, "email": body["email"], "password": body["password"]}
        return 201, self._signed_in(body["email"]), {}

    def _login(self, body: Any) -> tuple[int, Any, dict[str, str]]:
        user = self.users.get(body["email"])
        if user is None or ("any password" not in self.defects and user["password"] != body["password"]):
            raise RefusalError(401, "unauthorized")
        return 200, self._signed_in(body["email"]), {}

    def _signed_in(self, email: str, sid: str | None = None) -> dict[str, Any]:
        user = {k: v for k, v in self.users[email].items() if k != "password"}
        sid = sid or secrets.token_hex(4)
        refresh_token = f"omr_{secrets.token_hex(16)}"
        self.families[refresh_token] = (sid, email)
        claims = {"sub": user["user_id"], "tid": user["tenant_id"], "role": "owner", "sid": sid, "email": email}
        token = sign({"alg": "HS256", "kid": KID}, claims | {"exp": int(time.time()) + 900})
        return {"access_token": token, "refresh_token": refresh_token, "expires_in": 900, "user": user}

    def _refresh(self, body: Any) -> tuple[int, Any, dict[str, str]]:
        token = body["refresh_token"]
        if token in self.used and "replay works" not in self.defects:
            self.families = {t: f for t, f in self.families.items() if f[0] != self.used[token]}
            raise RefusalError(401, "unauthorized")
        if token not in self.families and token not in self.used:
            raise RefusalError(401, "unauthorized")
        sid, email = self.families.get(token) or (self.used[token], next(iter(self.users)))
        self.families.pop(token, None)
        self.used[token] = sid
        return 200, self._signed_in(email, sid), {}

    def _logout(self, body: Any) -> tuple[int, Any, dict[str, str]]:
        self.families.pop(body["refresh_token"], None)
        return 204, None, {}

    def _caller(self, request: httpx.Request) -> dict[str, Any]:
        token = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if token == API_KEY:
            return {"tenant_id": "platform", "user_id": "p", "role": "device", "auth": "api_key"}
        claims = self._claims(token)
        user = {k: v for k, v in self.users[claims["email"]].items() if k != "password"}
        return {**user, "sid": claims["sid"], "auth": "jwt"}

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header, claims, signature = token.split(".")
            fields = json.loads(decode(header)), json.loads(decode(claims))
        except ValueError:
            raise RefusalError(401, "unauthorized", gateway=True) from None
        none = fields[0].get("alg") == "none" and "alg none works" in self.defects
        genuine = signature == sign(*fields).rsplit(".", 1)[1] and fields[0].get("alg") == "HS256"
        fresh = fields[1]["exp"] > time.time() or "expired works" in self.defects
        if not (none or (genuine and fresh)):
            raise RefusalError(401, "unauthorized", gateway=True)
        return dict(fields[1])

    # --- products -------------------------------------------------------------------------------------------------

    def _own(self, tenant: str) -> list[dict[str, Any]]:
        own = [p for p in self.products.values() if p["tenant"] == tenant or "no tenants" in self.defects]
        return sorted(own, key=lambda p: (p["name"], p["product_id"]))

    def _list(self, request: httpx.Request, caller: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        limit = request.url.params.get("limit", "25")
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            raise RefusalError(422, "validation_failed")
        cursor = request.url.params.get("cursor", "0")
        if not cursor.isdigit():
            raise RefusalError(400, "invalid_request")
        items, start, end = self._own(caller["tenant_id"]), int(cursor), int(cursor) + int(limit)
        more = end < len(items) and "no paging" not in self.defects
        return 200, {"items": items[start:end], "next_cursor": str(end) if more else None}, {}

    def _valid(self, body: Any, *, whole: bool) -> None:
        kinds = {"sku": str, "name": str, "category": str, "price": dict, "description": str, "status": str}
        wrong = [k for k, v in body.items() if k not in kinds or not isinstance(v, kinds[k])]
        wrong += ["name"] if len(str(body.get("name", ""))) > 200 else []
        amount = (body.get("price") or {}).get("amount", 0)
        if "negative prices" not in self.defects:
            wrong += ["price"] if not isinstance(amount, int) or amount < 0 else []
        wrong += [k for k in ("sku", "category", "price") if whole and k not in body]
        if wrong:
            raise RefusalError(422, "validation_failed", details=[{"location": name} for name in wrong])

    def _create(self, request: httpx.Request, caller: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        body = self._json(request)
        if caller["role"] == "device":
            raise RefusalError(403, "forbidden")
        self._valid(body, whole=True)
        key = request.headers.get("idempotency-key", "")
        if key in self.replays:
            product = self.products[self.replays[key]]
            return 201, product, {"ETag": product["etag"]}
        if any(p["sku"] == body["sku"] for p in self._own(caller["tenant_id"])):
            raise RefusalError(409, "conflict")
        product = {**body, "product_id": secrets.token_hex(16), "tenant": caller["tenant_id"], "etag": '"1"'}
        self.products[product["product_id"]] = product
        if key:
            self.replays[key] = product["product_id"]
        return 201, product, {"ETag": product["etag"]}

    def _one(self, request: httpx.Request, caller: dict[str, Any], product_id: str) -> tuple[int, Any, dict[str, str]]:
        product = next((p for p in self._own(caller["tenant_id"]) if p["product_id"] == product_id), None)
        if product is None:
            raise RefusalError(404, "not_found")
        if_match = request.headers.get("if-match", product["etag"])
        if if_match != product["etag"] and "lost updates" not in self.defects:
            raise RefusalError(412, "precondition_failed")
        if request.method == "DELETE":
            if self.shop.stock.get(product_id, {}).get("on_hand"):
                raise RefusalError(409, "conflict")
            del self.products[product_id]
            return 204, None, {}
        if request.method in {"PUT", "PATCH"}:
            body = self._json(request)
            self._valid(body, whole=request.method == "PUT")
            product |= {**body, "etag": f'"{int(product["etag"].strip(chr(34))) + 1}"'}
        return 200, product, {"ETag": product["etag"]}

    def _summary(self, tenant: str) -> dict[str, Any]:
        own = self._own(tenant)
        total = sum(p["price"]["amount"] for p in own)
        prices = [{"currency": "EUR", "total": total}] if own else []
        return {"products": len(own), "prices": prices, "today": self.shop.today()}

    # --- AWS ------------------------------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """The fake boto3 client of a service."""
        return {"lambda": Lambda, "dynamodb": DynamoDb, "ssm": Ssm, "secretsmanager": Secrets}[service](self.defects)


class Lambda:
    def __init__(self, defects: set[str]) -> None:
        self.defects = defects

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert json.loads(Payload) == {"source": "omnix.readiness"}
        if "function fails" in self.defects and FunctionName == "arn:auth:live":
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorType": "SettingsError"}')}
        return {"ExecutedVersion": "3", "Payload": io.BytesIO(b'{"ok": true, "checks": []}')}


class DynamoDb:
    def __init__(self, defects: set[str]) -> None:
        self.defects = defects

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803, ARG002
        return {"Table": {"TableStatus": "ACTIVE"}}

    def describe_continuous_backups(self, TableName: str) -> dict[str, Any]:  # noqa: N803, ARG002
        status = "DISABLED" if "no recovery" in self.defects else "ENABLED"
        description = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}
        return {"ContinuousBackupsDescription": description}


class Ssm:
    def __init__(self, defects: set[str]) -> None:
        self.defects = defects

    def get_paginator(self, _operation: str) -> Ssm:
        return self

    def paginate(self, **_arguments: Any) -> list[dict[str, Any]]:
        values = {"database/tables": json.dumps(TABLES)}
        values |= dict.fromkeys(("database/endpoint", "bedrock/model-id", "monitoring/log-level", "api/url"), "x")
        values |= {"api/cors-origins": ",".join(reversed(ORIGINS)), "api/usage-key": "encrypted"}
        if "parameter missing" in self.defects:
            del values["bedrock/model-id"]
        kinds = {"api/usage-key": "String" if "usage key in clear" in self.defects else "SecureString"}
        return [
            {"Parameters": [{"Name": f"/omnix-ai/dev/{n}", "Value": v, "Type": kinds.get(n, "String")}]}
            for n, v in values.items()
        ]


class Secrets:
    def __init__(self, defects: set[str]) -> None:
        self.defects = defects

    def describe_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803, ARG002
        return {"VersionIdsToStages": {KID: ["AWSCURRENT"]}, "RotationEnabled": "no rotation" not in self.defects}

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        if "secrets closed" in self.defects and SecretId.endswith("API_KEY_1"):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")
        return {"SecretString": API_KEY if SecretId.endswith("API_KEY_1") else JWT_KEY, "VersionId": KID}


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def sign(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    head = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    signature = hmac.digest(JWT_KEY.encode(), head.encode(), hashlib.sha256)
    return f"{head}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
