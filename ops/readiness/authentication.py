"""The authentication flow with throw-away users: each credential works where it must and nowhere else.

The two tenants it registers stay (no route deletes a tenant); their names start with `readiness-`.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.readiness import jwt_forgery
from ops.readiness.answers import answered, json_error, json_object
from ops.readiness.checks import Check, Failed, Site, Skipped, require
from ops.readiness.verdict import Category
from ops.stack import Cloud

if TYPE_CHECKING:
    import httpx

# A concurrent refresh is honoured for 10 to 30 s (design); a replay after that must end the session.
_LONGEST_GRACE = 30.0
_POLL_SECONDS = 1.0
_HOUR = 3600


def checks() -> list[Check]:
    """The flow, in order: later checks use what earlier ones were given."""
    return _checks(
        ("register a tenant and its owner", _register),
        ("registering the same address again is refused", _register_again),
        ("registering with bad input is refused, field by field", _register_badly),
        ("login gives a session", _login),
        ("login with a wrong password is refused", _wrong_password),
        ("login with an unknown address is refused in the same words", _unknown_address),
        ("me answers with the signed-in user", _me),
        ("validate answers with tenant, user and role", _validate),
        ("refresh gives new tokens that work", _refresh),
        ("a made-up refresh token is refused", _made_up_refresh),
        ("logout ends the session: refresh and validate are refused", _logout),
        ("no token is refused", _no_token),
        ("a forged token is refused", _forged),
        ("a token changed to another tenant is refused", _changed),
        ("a token with alg=none is refused", _alg_none),
        ("an expired token is refused", _expired),
        ("the platform's API key works in either header", _api_key),
        ("a made-up API key is refused", _made_up_api_key),
    )


def late_checks() -> list[Check]:
    """What needs time to pass since the flow: run these last."""
    return _checks(("a replayed refresh token is refused and ends its session", _replay))


def _checks(*named: tuple[str, Any]) -> list[Check]:
    return [Check(Category.AUTHENTICATION, name, run) for name, run in named]


def registration(label: str) -> dict[str, str]:
    """A throw-away tenant's registration; addresses under `.example` reach nobody (RFC 2606)."""
    mark = f"readiness-{label}-{secrets.token_hex(6)}"
    return {
        "email": f"{mark}@readiness.example",
        "password": secrets.token_urlsafe(24),
        "name": "Readiness Check",
        "tenant_name": mark,
    }


def _signed_in(response: httpx.Response, status: int) -> dict[str, Any]:
    body = json_object(answered(response, status))
    missing = [name for name in ("access_token", "refresh_token", "expires_in") if not body.get(name)]
    require(not missing, f"the answer lacks {', '.join(missing)}")
    return body


def _register(site: Site) -> None:
    who = registration("a")
    body = _signed_in(site.api.send("POST", "/auth/register", body=who), 201)
    require(body["user"]["email"] == who["email"], "the answer is about another user")
    site.kept |= {"registration": who, "user": body["user"], "access_token": body["access_token"]}


def _register_again(site: Site) -> None:
    who = {**site.need("registration"), "password": secrets.token_urlsafe(24)}
    json_error(site.api.send("POST", "/auth/register", body=who), 409, "conflict")


def _register_badly(site: Site) -> None:
    password = secrets.token_urlsafe(6)  # too short
    bad = {"email": "nobody", "password": password, "name": 7, "tenant_name": "x" * 500}
    error = json_error(site.api.send("POST", "/auth/register", body=bad), 422, "validation_failed")
    text = str(error.get("details", []))
    missing = [name for name in bad if name not in text]
    require(not missing, f"details do not name {', '.join(missing)}")
    require(password not in text, "details repeat the password that was sent")


def _credentials(site: Site) -> dict[str, str]:
    who = site.need("registration")
    return {"email": who["email"], "password": who["password"]}


def _session(site: Site) -> dict[str, Any]:
    return _signed_in(site.api.send("POST", "/auth/login", body=_credentials(site)), 200)


def _login(site: Site) -> None:
    body = _session(site)
    require(body["user"]["user_id"] == site.need("user")["user_id"], "the answer is about another user")
    site.kept["session"] = body


def _wrong_password(site: Site) -> None:
    wrong = _credentials(site) | {"password": secrets.token_urlsafe(24)}
    error = json_error(site.api.send("POST", "/auth/login", body=wrong), 401, "unauthorized")
    site.kept["wrong_password_message"] = error["message"]


def _unknown_address(site: Site) -> None:
    unknown = {"email": registration("nobody")["email"], "password": secrets.token_urlsafe(24)}
    error = json_error(site.api.send("POST", "/auth/login", body=unknown), 401, "unauthorized")
    require(
        error["message"] == site.need("wrong_password_message"),
        "the message tells whether an address has an account",
    )


def _me(site: Site) -> None:
    body = json_object(answered(site.api.send("GET", "/auth/me", token=site.need("access_token")), 200))
    user = site.need("user")
    wrong = [name for name in ("user_id", "tenant_id", "email", "role") if body.get(name) != user[name]]
    require(not wrong, f"other values than at registration: {', '.join(wrong)}")


def _validate(site: Site) -> None:
    response = site.api.send("GET", "/auth/validate", token=site.need("access_token"))
    body = json_object(answered(response, 200))
    require(body.get("valid") is True, "valid is not true")
    user = site.need("user")
    wrong = [name for name in ("user_id", "tenant_id", "role") if body.get(name) != user[name]]
    require(not wrong, f"other values than at registration: {', '.join(wrong)}")


def _refresh(site: Site) -> None:
    old = site.need("session")["refresh_token"]
    new = _signed_in(site.api.send("POST", "/auth/refresh", body={"refresh_token": old}), 200)
    require(new["refresh_token"] != old, "the refresh token did not change")
    answered(site.api.send("GET", "/auth/me", token=new["access_token"]), 200)
    site.kept |= {"used_refresh_token": old, "next_refresh_token": new["refresh_token"], "used_at": time.monotonic()}


def _made_up_refresh(site: Site) -> None:
    body = {"refresh_token": f"omr_{secrets.token_urlsafe(51)}"}
    json_error(site.api.send("POST", "/auth/refresh", body=body), 401, "unauthorized")


def _logout(site: Site) -> None:
    session = _session(site)
    body = {"refresh_token": session["refresh_token"]}
    answered(site.api.send("POST", "/auth/logout", body=body), 204)
    json_error(site.api.send("POST", "/auth/refresh", body=body), 401, "unauthorized")
    response = site.api.send("GET", "/auth/validate", token=session["access_token"])
    json_error(response, 401, "unauthorized")


def _refused(site: Site, token: str | None) -> None:
    json_error(site.api.send("GET", "/auth/me", token=token), 401, "unauthorized")
    json_error(site.api.send("GET", "/products", token=token), 401, "unauthorized")


def _no_token(site: Site) -> None:
    _refused(site, None)


def _forged(site: Site) -> None:
    header, claims = jwt_forgery.taken_apart(site.need("access_token"))
    _refused(site, jwt_forgery.signed(header, claims, secrets.token_bytes(32)))
    _refused(site, "not.a.token")


def _changed(site: Site) -> None:
    _refused(site, jwt_forgery.for_another_tenant(site.need("access_token")))


def _alg_none(site: Site) -> None:
    _refused(site, jwt_forgery.unsigned(site.need("access_token")))


def _expired(site: Site) -> None:
    """A token that is right in everything but its time, beside one that is right in that too."""
    if site.stack.place.cloud is not Cloud.LOCAL:
        raise Skipped("it takes the signing key, which nobody reads on AWS; unit tests and local runs prove it")
    header, claims = jwt_forgery.taken_apart(site.need("access_token"))
    value = site.client("secretsmanager").get_secret_value(SecretId=site.stack.outputs.secrets["JWT_SECRET"])
    key = value["SecretString"].encode()
    header["kid"] = value["VersionId"]
    now = int(time.time())
    fresh = jwt_forgery.signed(header, claims | {"iat": now, "exp": now + _HOUR // 4}, key)
    answered(site.api.send("GET", "/auth/me", token=fresh), 200)
    _refused(site, jwt_forgery.signed(header, claims | {"iat": now - 2 * _HOUR, "exp": now - _HOUR}, key))


def _api_key(site: Site) -> None:
    key = _platform_key(site)
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        response = site.api.send("GET", "/auth/validate", headers=headers)
        body = json_object(answered(response, 200))
        require(body.get("auth") == "api_key", f"auth is {body.get('auth')!r} where 'api_key' was expected")
    site.kept["api_key"] = key


def _platform_key(site: Site) -> str:
    arn = site.stack.outputs.secrets.get("API_KEY_1")
    if arn is None:
        raise Failed("the stack's outputs name no secret API_KEY_1")
    try:
        value = site.client("secretsmanager").get_secret_value(SecretId=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"AccessDeniedException", "AccessDenied"}:
            site.kept["api_key_closed"] = True
            raise Skipped("these credentials may not read API_KEY_1") from error
        raise
    return str(value["SecretString"])


def _made_up_api_key(site: Site) -> None:
    made_up = f"omx_{secrets.token_urlsafe(32)}"
    _refused(site, made_up)
    json_error(site.api.send("GET", "/products", headers={"X-API-Key": made_up}), 401, "unauthorized")


def _replay(site: Site) -> None:
    """Inside the grace a replay gets the same next token; after it, it is a theft and the family ends."""
    used, current = site.need("used_refresh_token"), site.need("next_refresh_token")
    deadline = site.need("used_at") + _LONGEST_GRACE + _POLL_SECONDS
    while True:
        response = site.api.send("POST", "/auth/refresh", body={"refresh_token": used})
        if response.status_code != 200:  # noqa: PLR2004 - HTTP
            break
        require(json_object(response)["refresh_token"] == current, "a replay forked the session: two tokens are valid")
        if time.monotonic() > deadline:
            raise Failed(f"a used refresh token still works {_LONGEST_GRACE:g} s after its use")
        time.sleep(_POLL_SECONDS)
    json_error(response, 401, "unauthorized")
    json_error(site.api.send("POST", "/auth/refresh", body={"refresh_token": current}), 401, "unauthorized")
