"""What looks like a secret, and what only looks long."""

import base64
import random
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import types
from policy.evaluation import findings
from policy.model import PROD, Unknown, Violation
from policy.rules import RULES
from policy.rules.secrecy import looks_random
from policy.values import SECRET, UNKNOWN

RULE = next(rule for rule in RULES if rule.name == "no-plain-secret")
# assembled, so that no scanner finds them here
ACCESS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"))


def found(type_: str, **properties: Any) -> list[Violation | Unknown]:
    return list(findings(RULE, PROD(type_, **properties)))


@pytest.mark.parametrize(
    "value",
    [
        ACCESS_KEY,
        JWT,
        "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
        "ghp_" + "a1B2" * 9,
        "postgres://shop:hunter2@db.internal/orders",
        "Server=db;User=shop;Password=hunter2hunter2",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "kZ3x9QvT1rWmB7yLpE5sHjN2uF8cA4dG",
    ],
)
def test_a_secret_in_a_functions_environment_is_refused_without_being_repeated(value: str) -> None:
    (violation,) = found(types.FUNCTION, environment={"variables": {"SETTING": value}})
    assert isinstance(violation, Violation)
    assert value not in violation.message
    assert "environment.variables.SETTING" in violation.message


@pytest.mark.parametrize("key", ["DB_PASSWORD", "JWT_SECRET", "apiKey", "GITHUB_TOKEN", "PRIVATE_KEY"])
def test_a_variable_named_like_a_secret_holds_no_value(key: str) -> None:
    assert found(types.FUNCTION, environment={"variables": {key: "Summer 2026"}})


@pytest.mark.parametrize(
    "value",
    [
        "omnix-ai/prod/JWT_SECRET",
        "/omnix-ai/prod/api/usage-key",
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:omnix-ai/prod/JWT_SECRET-aBcDeF",
        "anthropic.claude-3-haiku-20240307-v1:0",
        "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod",
        "omnix-ai-prod-artefacts-777788889999-eu-central-1",
        "The quick brown fox jumps over the lazy dog, 13 times",
        "true",
    ],
)
def test_names_addresses_and_sentences_are_no_secrets(value: str) -> None:
    assert found(types.FUNCTION, description=value, environment={"variables": {"SETTING": value}}) == []


def test_a_secret_inside_a_json_text_is_found() -> None:
    (violation,) = found("aws:lambda/invocation:Invocation", input='{"password": "Summer 2026"}')
    assert isinstance(violation, Violation)
    assert "input.password" in violation.message


def test_a_route_that_ends_with_a_watched_word_is_no_watched_input() -> None:
    header = {"method.response.header.Access-Control-Allow-Credentials": "'true'"}
    assert found("aws:apigateway/restApi:RestApi", body={"paths": {"/customers/{id}/value": header}}) == []
    assert found("aws:apigateway/restApi:RestApi", body={"paths": {"value": {"password": "Summer 2026"}}})


def test_what_the_service_encrypts_may_hold_a_secret() -> None:
    assert found(types.PARAMETER, type="SecureString", value=ACCESS_KEY) == []
    assert found(types.PARAMETER, type="String", value=ACCESS_KEY)


def test_a_hash_of_content_is_no_secret() -> None:
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert found(types.FUNCTION, sourceCodeHash=digest) == []
    assert found("aws:apigateway/deployment:Deployment", triggers={"body": digest}) == []


def test_an_encrypted_value_is_no_plain_one_but_for_plain_parameters() -> None:
    assert found(types.SECRET_VERSION, secretString=SECRET) == []
    assert [type(item) for item in found(types.PARAMETER, type="String", value=SECRET)] == [Unknown]
    assert [type(item) for item in found(types.FUNCTION, environment=UNKNOWN)] == [Unknown]


@pytest.mark.parametrize("seed", range(200))
def test_generated_secrets_look_random(seed: int) -> None:
    assert looks_random("value " + base64.b64encode(random.Random(seed).randbytes(32)).decode())


@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=12), min_size=1, max_size=8))
def test_words_do_not_look_random(words: list[str]) -> None:
    assert not looks_random(" ".join(words))
    assert not looks_random("-".join(words))
