"""Parameter Store and Secrets Manager behind their bounded caches."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from omnix.parameters import ParameterMissingError, Parameters
from omnix.secrets import RotatingSecret, SecretEmptyError

from .conftest import SECRETS, Cloud


class Counting:
    """A client that counts its calls and can be away."""

    def __init__(self, client: Any) -> None:
        self._client, self.calls, self.away = client, 0, False

    def __getattr__(self, name: str) -> Any:
        if name == "exceptions":
            return self._client.exceptions

        def call(**arguments: Any) -> Any:
            self.calls += 1
            if self.away:
                raise ReadTimeoutError(endpoint_url="https://aws")
            return getattr(self._client, name)(**arguments)

        return call


@pytest.fixture
def ssm(cloud: Cloud) -> Any:
    return Counting(cloud.client("ssm"))


@pytest.fixture
def secretsmanager(cloud: Cloud) -> Any:
    return Counting(cloud.client("secretsmanager"))


def test_all_declared_parameters_come_in_one_call_and_stay_a_minute(cloud: Cloud, ssm: Any, later: Any) -> None:
    found = Parameters(ssm, "/omnix-ai/dev", ["monitoring/log-level", "api/cors-origins"])
    assert found.get("monitoring/log-level") == "INFO"
    assert len(found.get_list("api/cors-origins")) == 2
    cloud.set_parameter("monitoring/log-level", "DEBUG")
    assert (found.get("monitoring/log-level"), ssm.calls) == ("INFO", 1)
    later(61)
    assert (found.get("monitoring/log-level"), ssm.calls) == ("DEBUG", 2)


def test_the_last_parameters_serve_while_parameter_store_is_away_and_not_for_ever(ssm: Any, later: Any) -> None:
    found = Parameters(ssm, "/omnix-ai/dev", ["monitoring/log-level"])
    found.get("monitoring/log-level")
    ssm.away = True
    later(61)
    assert found.get("monitoring/log-level") == found.get("monitoring/log-level") == "INFO"
    assert ssm.calls == 2
    later(16 * 60)
    with pytest.raises(ReadTimeoutError):
        found.get("monitoring/log-level")


def test_an_outage_from_the_start_costs_one_time_out_and_ends_by_itself(ssm: Any, later: Any) -> None:
    found = Parameters(ssm, "/omnix-ai/dev", ["monitoring/log-level"])
    ssm.away = True
    for _ in range(10):
        with pytest.raises(ReadTimeoutError):
            found.get("monitoring/log-level")
    assert ssm.calls == 1
    ssm.away = False
    later(6)
    assert found.get("monitoring/log-level") == "INFO"


def test_a_secret_that_cannot_be_read_costs_one_time_out_and_recovers(
    cloud: Cloud, secretsmanager: Any, later: Any
) -> None:
    secret = RotatingSecret(secretsmanager, cloud.secrets["JWT_SECRET"])
    secretsmanager.away = True
    for _ in range(10):
        with pytest.raises(ReadTimeoutError):
            secret.current()
    assert secretsmanager.calls == 1
    secretsmanager.away = False
    later(6)
    assert secret.current().value == SECRETS["JWT_SECRET"]


def test_a_missing_and_an_undeclared_parameter_are_different_errors(ssm: Any) -> None:
    found = Parameters(ssm, "/omnix-ai/dev", ["api/nothing"])
    with pytest.raises(ParameterMissingError):
        found.get("api/nothing")
    with pytest.raises(ValueError, match="not declared"):
        found.get("api/usage-key")


def test_a_secure_string_is_only_clear_where_it_is_asked_for(ssm: Any) -> None:
    assert Parameters(ssm, "/omnix-ai/dev", ["api/usage-key"], decrypt=True).get("api/usage-key") == "usage-key-value"
    assert Parameters(ssm, "/omnix-ai/dev", ["api/usage-key"]).get("api/usage-key") != "usage-key-value"


def test_more_names_than_one_call_takes_come_in_several(cloud: Cloud, ssm: Any) -> None:
    names = [f"a/{number:02}" for number in range(21)]
    for name in names:
        cloud.set_parameter(name, f"value of {name}")
    found = Parameters(ssm, "/omnix-ai/dev", names)
    assert [found.get(name) for name in names] == [f"value of {name}" for name in names]
    assert ssm.calls == 3


def test_current_and_previous_are_accepted_after_a_rotation(cloud: Cloud, secretsmanager: Any, later: Any) -> None:
    secret = RotatingSecret(secretsmanager, cloud.secrets["JWT_SECRET"])
    first = secret.current()
    assert (first.value, len(secret.accepted())) == (SECRETS["JWT_SECRET"], 1)
    second = cloud.rotate("JWT_SECRET", "n" * 86)
    later(301)
    assert secret.current().version_id == second
    assert secret.version(first.version_id) == first


def test_an_unknown_kid_is_looked_up_once(cloud: Cloud, secretsmanager: Any, later: Any) -> None:
    secret = RotatingSecret(secretsmanager, cloud.secrets["JWT_SECRET"])
    secret.current()
    fresh = cloud.rotate("JWT_SECRET", "n" * 86)
    later(6)
    found = secret.version(fresh)
    assert found is not None
    assert found.value == "n" * 86


def test_forged_kids_cannot_hammer_the_api(cloud: Cloud, secretsmanager: Any, later: Any) -> None:
    secret = RotatingSecret(secretsmanager, cloud.secrets["JWT_SECRET"])
    secret.current()
    before = secretsmanager.calls
    for number in range(1000):
        assert secret.version(f"forged-{number}") is None
    assert secretsmanager.calls == before
    later(6)
    for number in range(1000):
        assert secret.version(f"forged-{number}") is None
    assert secretsmanager.calls <= before + 2


def test_the_last_secret_serves_while_secrets_manager_is_away(cloud: Cloud, secretsmanager: Any, later: Any) -> None:
    secret = RotatingSecret(secretsmanager, cloud.secrets["JWT_SECRET"])
    first = secret.current()
    secretsmanager.away = True
    later(301)
    assert secret.current() == first
    later(3600)
    with pytest.raises(ReadTimeoutError):
        secret.current()


def test_a_secret_without_a_value_says_so(cloud: Cloud, secretsmanager: Any) -> None:
    arn = cloud.client("secretsmanager").create_secret(Name="omnix-ai/dev/EMPTY")["ARN"]
    with pytest.raises(SecretEmptyError):
        RotatingSecret(secretsmanager, arn).current()


def test_a_secret_is_never_printed(cloud: Cloud, secretsmanager: Any) -> None:
    secret = RotatingSecret(secretsmanager, cloud.secrets["JWT_SECRET"])
    assert SECRETS["JWT_SECRET"] not in repr(secret.current())
