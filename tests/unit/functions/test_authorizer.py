from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock, tokens
from omnix.admission import policy
from omnix.admission.service import admission
from omnix.identity.service import signing_secret
from omnix.secrets import REFETCH_SECONDS

from .conftest import SECRETS, Cloud

ARN = "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/dev/GET/products/7"

type Authorize = Callable[..., Any]


@pytest.fixture
def authorize(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Authorize:  # noqa: ARG001 - must exist first
    import authorizer.handler

    monkeypatch.setattr(authorizer.handler, "gate", admission())

    def call(**headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        multi = {name: [value] for name, value in named.items()}
        event = {"type": "REQUEST", "methodArn": ARN, "headers": named, "multiValueHeaders": multi}
        return authorizer.handler.handler(event, None)

    return call


@pytest.fixture
def token(cloud: Cloud) -> str:  # noqa: ARG001 - must exist first
    text, _ = tokens.issue(
        signing_secret(), "omnix-ai-dev", user_id="u1", tenant_id="t1", role="manager", session_id="s1"
    )
    return text


def refused(authorize: Authorize, **headers: str) -> bool:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(**headers)
    return True


def test_a_valid_token_allows_the_whole_api_and_names_the_caller(authorize: Authorize, token: str) -> None:
    answer = authorize(authorization=f"bearer {token}")
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/dev/*"
    assert answer["context"] == {
        "tenant_id": "t1",
        "user_id": "u1",
        "role": "manager",
        "session_id": "s1",
        "auth": "jwt",
    }
    assert answer["usageIdentifierKey"] == "usage-key-value"


@pytest.mark.parametrize("header", ["authorization", "x_api_key"])
def test_the_platforms_key_is_a_reader_of_its_own_tenant_by_either_header(authorize: Authorize, header: str) -> None:
    key = SECRETS["API_KEY_1"]
    answer = authorize(**{header: f"Bearer {key}" if header == "authorization" else key})
    assert (answer["context"]["tenant_id"], answer["context"]["role"]) == ("platform", "device")
    assert answer["context"]["auth"] == "api_key"


def test_the_previous_key_is_accepted_while_one_rotates(cloud: Cloud, authorize: Authorize) -> None:
    cloud.rotate("API_KEY_1", "omx_" + "N" * 43)
    admission.cache_clear()
    for key in (SECRETS["API_KEY_1"], "omx_" + "N" * 43):
        assert authorize(x_api_key=key)["context"]["auth"] == "api_key"


def test_no_credential_is_unauthorized(authorize: Authorize) -> None:
    assert refused(authorize)


def test_a_key_that_was_rotated_after_the_last_look_works_at_once(
    authorize: Authorize, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert authorize(x_api_key=SECRETS["API_KEY_1"])["context"]["auth"] == "api_key"
    cloud.rotate("API_KEY_1", "omx_" + "N" * 43)
    now = clock.monotonic() + REFETCH_SECONDS
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    assert authorize(x_api_key="omx_" + "N" * 43)["context"]["auth"] == "api_key"


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "Basic dTpw", "Bearer x", "Bearer omx_", "Bearer omx_" + "x" * 43, "Bearer é", "tok"],
)
def test_a_wrong_credential_is_unauthorized(authorize: Authorize, value: str) -> None:
    assert refused(authorize, authorization=value)


def test_an_api_key_without_its_prefix_is_unauthorized(authorize: Authorize, token: str) -> None:
    assert refused(authorize, x_api_key=token)


def test_a_bad_bearer_is_not_rescued_by_a_good_key(authorize: Authorize) -> None:
    assert refused(authorize, authorization="Bearer x", x_api_key=SECRETS["API_KEY_1"])


def test_two_different_authorization_headers_are_no_credential() -> None:
    event = {"multiValueHeaders": {"Authorization": ["Bearer a"], "authorization": ["Bearer b"]}}
    assert policy.credential(event) is None


def test_a_token_of_another_environment_is_unauthorized(authorize: Authorize) -> None:
    text, _ = tokens.issue(
        signing_secret(), "omnix-ai-prod", user_id="u1", tenant_id="t1", role="owner", session_id="s1"
    )
    assert refused(authorize, authorization=f"Bearer {text}")


def test_a_token_signed_after_a_rotation_is_found_by_its_kid(
    cloud: Cloud, authorize: Authorize, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert authorize(authorization=f"Bearer {token}")
    cloud.rotate("JWT_SECRET", "n" * 86)
    signing_secret.cache_clear()
    fresh, _ = tokens.issue(
        signing_secret(), "omnix-ai-dev", user_id="u2", tenant_id="t1", role="owner", session_id="s1"
    )
    plain = clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: plain() + 10)
    assert authorize(authorization=f"Bearer {fresh}")["context"]["user_id"] == "u2"
    assert authorize(authorization=f"Bearer {token}")["context"]["user_id"] == "u1"


@pytest.mark.parametrize("level", ["loud", "ERROR", None])
def test_a_refusal_is_401_whatever_the_log_level_says(cloud: Cloud, authorize: Authorize, level: str | None) -> None:
    if level is None:
        cloud.client("ssm").delete_parameter(Name="/omnix-ai/dev/monitoring/log-level")
    else:
        cloud.set_parameter("monitoring/log-level", level)
    assert refused(authorize, authorization="Bearer x")


def test_an_outage_is_an_error_and_never_unauthorized(
    authorize: Authorize, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise ConnectTimeoutError(endpoint_url="https://secretsmanager")

    monkeypatch.setattr(BaseClient, "_make_api_call", away)
    with pytest.raises(Exception, match=r"^no decision$"):
        authorize(authorization=f"Bearer {token}")


@pytest.mark.usefixtures("authorize")
def test_the_readiness_event_checks_parameters_secrets_and_the_table_of_keys() -> None:
    import authorizer.handler

    report = authorizer.handler.handler({"source": "omnix.readiness"}, None)
    assert report["ok"], report
    names = [check["name"] for check in report["checks"]]
    assert names == ["parameters", "secret:JWT_SECRET", "secret:API_KEY_1", "table:users"]


headers = st.dictionaries(st.sampled_from(["Authorization", "X-API-Key", "Other"]), st.text(max_size=40))


@given(headers)
def test_any_headers_give_a_credential_or_none(found: dict[str, str]) -> None:
    credential = policy.credential({"headers": found, "multiValueHeaders": None})
    assert credential is None or credential.strip() == credential != ""


def test_an_event_without_headers_has_no_credential() -> None:
    assert policy.credential({"headers": None, "multiValueHeaders": None}) is None


@pytest.mark.parametrize("text", ["caf\u00e9", "\ufffd\ufffd", "\udcff"])
def test_a_credential_that_is_not_ascii_is_unauthorized_not_an_error(authorize: Authorize, text: str) -> None:
    assert refused(authorize, authorization=f"Bearer {text}")
    assert refused(authorize, authorization=f"Bearer omx_{text}")
    assert refused(authorize, x_api_key=f"omx_{text}")
