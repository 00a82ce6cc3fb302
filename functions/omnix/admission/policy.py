"""What a request authorizer reads and returns, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

API_KEY_PREFIX = "omx_"
_BEARER = "bearer "


def credential(event: Mapping[str, Any]) -> str | None:
    """The credential of a REQUEST authorizer event: `Authorization: Bearer …`, else `X-API-Key`; else None.

    Two different values of one header are no credential: which of them another layer reads is anyone's guess. Nor is
    what is not ASCII (RFC 6750, 2.1).
    """
    found = _presented(event)
    return found if found and found.isascii() else None


def _presented(event: Mapping[str, Any]) -> str | None:
    headers = _headers(event)
    bearer = headers.get("authorization")
    if bearer is not None:
        if len(bearer) != 1 or not bearer[0].lower().startswith(_BEARER):
            return None
        return bearer[0][len(_BEARER) :].strip()
    keys = headers.get("x-api-key", [])
    return keys[0].strip() if len(keys) == 1 and keys[0].strip().startswith(API_KEY_PREFIX) else None


def _headers(event: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        found.setdefault(name.lower(), []).extend(values)
    if not found:
        for name, value in (event.get("headers") or {}).items():
            found.setdefault(name.lower(), []).append(value)
    return {name: list(dict.fromkeys(values)) for name, values in found.items()}


def api_arn(method_arn: str) -> str:
    """Every method of the stage that `methodArn` is of.

    The policy covers the whole API: with a cache, one for a single route would refuse the next route with 403.
    """
    arn, _, _ = method_arn.partition("/")
    stage = method_arn.split("/")[1]
    return f"{arn}/{stage}/*"


def allow(method_arn: str, principal_id: str, context: Mapping[str, str], usage_key: str) -> dict[str, Any]:
    """The authorizer's answer; context values are strings, as API Gateway passes them on."""
    return {
        "principalId": principal_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": api_arn(method_arn)}],
        },
        "context": dict(context),
        "usageIdentifierKey": usage_key,
    }
