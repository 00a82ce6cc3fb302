from collections.abc import Mapping

import pytest

from omnix.admission import settings as light
from omnix.settings import ApiSettings, AuthSettings, FunctionSettings, RotationSettings, SecretArn, SettingsError, load

ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:omnix-ai/dev/{}-AbCdEf"
GOOD = {
    "OMNIX_ENVIRONMENT": "dev",
    "OMNIX_FUNCTION": "authorizer",
    "OMNIX_PARAMETER_PREFIX": "/omnix-ai/dev",
    "AWS_REGION": "eu-central-1",
    "OMNIX_JWT_SECRET_ID": ARN.format("JWT_SECRET"),
    "OMNIX_JWT_REFRESH_SECRET_ID": ARN.format("JWT_REFRESH_SECRET"),
    "OMNIX_API_KEY_SECRET_ID": ARN.format("API_KEY_1"),
    "OMNIX_ROTATION_SECRET_IDS": f"{ARN.format('JWT_SECRET')},{ARN.format('API_KEY_1')}",
}
VARIABLES = ("OMNIX_ENVIRONMENT", "OMNIX_FUNCTION", "OMNIX_PARAMETER_PREFIX", "AWS_REGION")


class AuthorizerModel(FunctionSettings):
    """The authorizer's settings as pydantic-settings would read them."""

    jwt_secret_id: SecretArn
    api_key_secret_id: SecretArn

    def secret_arns(self) -> tuple[str, ...]:
        return (self.jwt_secret_id, self.api_key_secret_id)


def setenv(monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str]) -> None:
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("model", [ApiSettings, AuthSettings, RotationSettings])
def test_a_good_environment_is_read(monkeypatch: pytest.MonkeyPatch, model: type[FunctionSettings]) -> None:
    setenv(monkeypatch, GOOD)
    assert load(model).issuer == "omnix-ai-dev"


def test_rotation_reads_every_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    setenv(monkeypatch, GOOD)
    assert load(RotationSettings).rotation_secret_ids == (ARN.format("JWT_SECRET"), ARN.format("API_KEY_1"))


def test_a_bad_environment_lists_every_error(monkeypatch: pytest.MonkeyPatch) -> None:
    setenv(
        monkeypatch,
        {"OMNIX_ENVIRONMENT": "production", "AWS_REGION": "here", "OMNIX_JWT_SECRET_ID": "JWT_SECRET"},
    )
    with pytest.raises(SettingsError) as failure:
        load(AuthSettings)
    named = {error.split(":")[0] for error in failure.value.errors}
    assert named == {*VARIABLES, "OMNIX_JWT_SECRET_ID", "OMNIX_JWT_REFRESH_SECRET_ID"}


@pytest.mark.parametrize("value", ["", ",", "x", f"{ARN.format('A')},{ARN.format('A')}", f"{ARN.format('A')},x"])
def test_a_bad_list_of_secrets_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    setenv(monkeypatch, GOOD | {"OMNIX_ROTATION_SECRET_IDS": value})
    with pytest.raises(SettingsError):
        load(RotationSettings)


BAD: dict[str, dict[str, str]] = {
    "another environment's secret": {"OMNIX_JWT_SECRET_ID": ARN.format("JWT_SECRET").replace("/dev/", "/prod/")},
    "another environment's prefix": {"OMNIX_PARAMETER_PREFIX": "/omnix-ai/staging"},
    "another region's secret": {"OMNIX_JWT_SECRET_ID": ARN.format("JWT_SECRET").replace("central", "west")},
    "two faults": {"OMNIX_PARAMETER_PREFIX": "/x", "OMNIX_API_KEY_SECRET_ID": ARN.format("staging/KEY")},
    "no region": {"AWS_REGION": ""},
    "unknown environment": {"OMNIX_ENVIRONMENT": "qa"},
    "empty function": {"OMNIX_FUNCTION": ""},
    "no ARN": {"OMNIX_API_KEY_SECRET_ID": "omx_key"},
}


@pytest.mark.parametrize("name", BAD)
def test_the_authorizers_light_reader_judges_as_pydantic_settings_does(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    setenv(monkeypatch, GOOD | BAD[name])
    with pytest.raises(SettingsError) as heavy:
        load(AuthorizerModel)
    with pytest.raises(light.SettingsError) as found:
        light.load()
    assert len(found.value.errors) == len(heavy.value.errors)
    assert {line.split(":")[0] for line in found.value.errors} == {line.split(":")[0] for line in heavy.value.errors}


def test_both_readers_list_every_missing_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    setenv(monkeypatch, {})
    with pytest.raises(SettingsError) as heavy:
        load(AuthorizerModel)
    with pytest.raises(light.SettingsError) as found:
        light.load()
    assert sorted(found.value.errors) == sorted(heavy.value.errors)
    assert len(found.value.errors) == 6


def test_both_readers_take_a_good_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    setenv(monkeypatch, GOOD)
    heavy, found = load(AuthorizerModel), light.load()
    assert {name: getattr(heavy, name) for name in found.__dataclass_fields__} == {
        name: getattr(found, name) for name in found.__dataclass_fields__
    }


def test_a_products_parameter_does_not_count_as_prod(monkeypatch: pytest.MonkeyPatch) -> None:
    setenv(monkeypatch, GOOD | {"OMNIX_JWT_SECRET_ID": ARN.format("products/JWT_SECRET")})
    assert light.load().environment == "dev"
