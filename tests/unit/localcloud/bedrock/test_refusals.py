"""What Bedrock refuses: requests that no model sees, and models that are not there."""

from typing import Any

import pytest

from localcloud.bedrock import validation
from localcloud.bedrock.models import MODELS
from localcloud.bedrock.refused import Refused
from localcloud.bedrock.target import find
from tests.unit.localcloud.bedrock.requests import (
    HAIKU,
    HAIKU_45,
    NOVA,
    POINT,
    asked,
    assistant,
    result,
    tools,
    use,
    user,
)

REGION, ACCOUNT = "eu-central-1", "100000000009"
FIVE: dict[str, Any] = {"cachePoint": {"type": "default", "ttl": "5m"}}
HOUR: dict[str, Any] = {"cachePoint": {"type": "default", "ttl": "1h"}}
TOOLS = tools("list_stock")
EMPTY: dict[str, Any] = {"toolResult": {"toolUseId": "1", "content": [], "status": "error"}}

REFUSED = [
    (HAIKU, asked(), "must have at least one message"),
    (HAIKU, asked(assistant("a")), "must start with a user message"),
    (HAIKU, asked(user("a"), user("b")), "must alternate between user and assistant roles"),
    (HAIKU, asked(user("a"), assistant("b")), "must end with a user message"),
    (HAIKU, asked(user()), r"at messages\.0 is empty"),
    (HAIKU, asked(user(" \n")), r"messages\.0\.content\.0 is blank"),
    (HAIKU, asked(user({"image": {}})), "doesn't support the image field"),
    (HAIKU, asked(user({"nonsense": {}})), "format of the ContentBlock"),
    (HAIKU, asked(user("a"), assistant(use("1")), user(result("1"))), "toolConfig field must be defined"),
    (HAIKU, asked(user("a"), assistant(use("1")), user("b"), **TOOLS), r"Expected toolResult blocks at messages\.2"),
    (
        HAIKU,
        asked(user("a"), assistant(use("1"), use("2")), user(result("1")), **TOOLS),
        "for the following Ids: 2",
    ),
    (HAIKU, asked(user(result("1")), **TOOLS), "exceeds the number of toolUse blocks"),
    (
        HAIKU,
        asked(user("a"), assistant(use("1")), user(EMPTY), **TOOLS),
        "cannot be empty when status value is error",
    ),
    (HAIKU, asked(user("a"), assistant(use("1", "a.b")), user(result("1")), **TOOLS), "regular expression pattern"),
    (HAIKU, asked(user("a"), assistant(use("1", "x" * 65)), user(result("1")), **TOOLS), "less than or equal to 64"),
    (HAIKU, asked(user("a"), **tools("t", "t")), "unique names: t"),
    (HAIKU, asked(user("a"), **tools("t", schema={"type": "string"})), "must be one of the following: object"),
    (HAIKU, asked(user("a"), **tools("t", choice={"tool": {"name": "u"}})), "is not in toolConfig.tools"),
    (HAIKU, asked(user("a", POINT)), "did not allow prompt caching"),
    (NOVA, asked(user("a"), toolConfig={"tools": [*TOOLS["toolConfig"]["tools"], POINT]}), "not allow prompt caching"),
    (NOVA, asked(user("a"), assistant(use("1")), user(result("1"), POINT), **TOOLS), "#/messages/2/content/1: extra"),
    (NOVA, asked(user("a", HOUR)), "1h ttl"),
    (HAIKU_45, asked(user("a", *[POINT] * 5)), "exceeds the limit of 4: 5"),
    (HAIKU_45, asked(user("a", HOUR), system=[{"text": "s"}, FIVE]), "must not come after"),
    (HAIKU, asked(user("a"), inferenceConfig={"maxTokens": 4097}), "exceeds the model limit of 4096"),
    (HAIKU, asked(user("x" * 4 * 200_000)), "Input is too long for requested model"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "request_", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_it_is_refused_in_bedrocks_words(model: str, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        validation.check(MODELS[model], request_)
    assert (refused.value.code, refused.value.status) == ("ValidationException", 400)


@pytest.mark.parametrize(
    ("model", "request_"),
    [
        (HAIKU, asked(user("a"))),
        (HAIKU, asked(user("a"), assistant("b"), user("c"))),
        (HAIKU, asked(user("a"), assistant("b", use("1"), use("2")), user(result("2"), result("1")), **TOOLS)),
        (HAIKU_45, asked(user("a", FIVE), system=[{"text": "s"}, HOUR])),
        (NOVA, asked(user("a"), system=[{"text": "s"}, POINT])),
        (NOVA, asked(user("a", POINT), assistant(use("1")), user(result("1")), **TOOLS)),
        (HAIKU_45, asked(user("a"), assistant(use("1")), user(result("1"), POINT), **TOOLS)),
        (HAIKU, asked(user("a"), inferenceConfig={"maxTokens": 4096})),
    ],
)
def test_what_is_in_order_passes(model: str, request_: dict[str, Any]) -> None:
    validation.check(MODELS[model], request_)


PROFILE = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/abc"
SYSTEMS = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/eu.{HAIKU_45}"
PROFILES = {PROFILE: {"inputs": {"modelSource": {"copyFrom": SYSTEMS}}}}
EU6 = ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3")


def resources(named: str) -> list[tuple[str, str | None]]:
    return list(find(named, REGION, ACCOUNT, PROFILES.get).resources)


def test_a_model_is_itself_by_id_and_by_arn() -> None:
    arn = f"arn:aws:bedrock:{REGION}::foundation-model/{HAIKU}"
    assert resources(HAIKU) == resources(arn) == [(arn, None)]


def test_a_systems_profile_leads_to_its_model_in_every_region() -> None:
    models = [(f"arn:aws:bedrock:{region}::foundation-model/{HAIKU_45}", SYSTEMS) for region in EU6]
    assert resources(f"eu.{HAIKU_45}") == resources(SYSTEMS) == [(SYSTEMS, None), *models]


def test_an_applications_profile_stands_in_place_of_the_systems() -> None:
    models = [(f"arn:aws:bedrock:{region}::foundation-model/{HAIKU_45}", PROFILE) for region in EU6]
    assert resources(PROFILE) == [(PROFILE, None), *models]


def test_a_global_profile_leads_to_the_model_without_a_region() -> None:
    profile = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/global.{HAIKU_45}"
    here, everywhere = (f"arn:aws:bedrock:{place}::foundation-model/{HAIKU_45}" for place in (REGION, ""))
    assert resources(f"global.{HAIKU_45}") == [(profile, None), (here, profile), (everywhere, profile)]


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("gpt", "ValidationException"),
        (f"us.{HAIKU_45}", "ValidationException"),  # not from here
        ("eu.nothing", "ValidationException"),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{HAIKU}", "ValidationException"),
        (PROFILE.replace("abc", "gone"), "ResourceNotFoundException"),
    ],
)
def test_what_is_not_there_is_refused(named: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        resources(named)
    assert refused.value.code == code
