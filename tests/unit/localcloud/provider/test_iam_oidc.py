"""OpenID Connect providers: what a deployment role's trust in a forge hangs on."""
# ruff: noqa: A001 - `id` is the engine's word for it

from typing import Any

import grpc
import pytest

from localcloud.provider.wire import from_struct

OIDC = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
FORGE = {"url": "https://token.actions.githubusercontent.com", "clientIdLists": ["sts.amazonaws.com"]}
THUMBPRINT = "6938fd4d98bab03faadb97b34396831e3780aea1"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"url": "http://token.actions.githubusercontent.com"}, "url"),
        ({"url": "token.actions.githubusercontent.com"}, "url"),
        ({"url": "https://issuer.example/?tenant=1"}, "url"),
        ({"url": f"https://issuer.example/{'x' * 240}"}, "url"),
        ({"clientIdLists": []}, "clientIdLists"),
        ({"clientIdLists": [f"c{n}" for n in range(101)]}, "clientIdLists"),
        ({"clientIdLists": ["x" * 256]}, "clientIdLists[0]"),
        ({"thumbprintLists": ["abc"]}, "thumbprintLists[0]"),
        ({"thumbprintLists": [THUMBPRINT] * 6}, "thumbprintLists"),
    ],
)
def test_what_iam_would_refuse_is_refused_by_check(engine: Any, wrong: dict[str, Any], path: str) -> None:
    assert set(engine.check(OIDC, "forge", {**FORGE, **wrong})[1]) == {path}


def test_a_provider_lives_changes_in_place_and_goes(engine: Any) -> None:
    given = {**FORGE, "tags": {"Component": "delivery"}}
    id, made = engine.create(OIDC, "forge", given)
    assert (
        id == made["arn"] == f"arn:aws:iam::{engine.cloud.account_id}:oidc-provider/token.actions.githubusercontent.com"
    )
    assert made["url"] == FORGE["url"]

    more = {**given, "clientIdLists": ["other", "sts.amazonaws.com"]}
    assert not engine.diff(OIDC, "forge", id, made, given, more).replaces
    changed = engine.update(OIDC, "forge", id, made, more)
    found = engine.cloud.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=id)
    assert sorted(found["ClientIDList"]) == sorted(changed["clientIdLists"]) == ["other", "sts.amazonaws.com"]
    assert found["Tags"] == [{"Key": "Component", "Value": "delivery"}]

    pinned = engine.update(OIDC, "forge", id, changed, {**more, "thumbprintLists": [THUMBPRINT]})
    assert pinned["thumbprintLists"] == [THUMBPRINT]
    kept = engine.update(OIDC, "forge", id, pinned, {**more, "thumbprintLists": []})
    assert engine.cloud.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=id)["ThumbprintList"] == [
        THUMBPRINT
    ], kept
    assert "url" in engine.diff(OIDC, "forge", id, made, given, {**given, "url": "https://issuer.example"}).replaces

    engine.delete(OIDC, "forge", id, kept)
    assert engine.read(OIDC, "forge", id, kept, given).id == ""


def test_an_account_has_one_provider_for_an_issuer(engine: Any) -> None:
    engine.create(OIDC, "forge", FORGE)
    refused = engine.refusal(engine.create, OIDC, "again", FORGE)
    assert refused.code is grpc.StatusCode.ALREADY_EXISTS
    assert "EntityAlreadyExists" in refused.details


def test_an_imported_provider_equals_its_program(engine: Any) -> None:
    id, _ = engine.create(OIDC, "forge", FORGE)
    found = engine.read(OIDC, "forge", id)
    inputs = from_struct(found.inputs)
    assert not engine.diff(OIDC, "forge", id, from_struct(found.properties), inputs, FORGE).replaces
