import uuid
from collections.abc import Callable
from typing import Any

import pytest

from omnix.rotation import values
from omnix.rotation.steps import Rotation, RotationRefusedError
from omnix.rotation.values import WeakValueError

from .conftest import SECRETS, Cloud

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@pytest.fixture
def handler(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], Any]:
    import rotation.handler

    made = Rotation(cloud.client("secretsmanager"), list(cloud.secrets.values()))
    monkeypatch.setattr(rotation.handler, "rotation", made)
    return lambda event: rotation.handler.handler(event, None)


@pytest.fixture
def pending(cloud: Cloud) -> Callable[[str], str]:  # noqa: ARG001 - must exist first
    """What Secrets Manager does before createSecret: a version that has a label and no value."""
    from moto.secretsmanager.models import secretsmanager_backends

    def begin(name: str) -> str:
        token = str(uuid.uuid4())
        secret = secretsmanager_backends["123456789012"]["eu-central-1"].secrets[f"omnix-ai/dev/{name}"]
        secret.versions[token] = {"createdate": 0, "version_id": token, "version_stages": ["AWSPENDING"]}
        return token

    return begin


def value(cloud: Cloud, name: str, stage: str = "AWSCURRENT") -> str:
    client = cloud.client("secretsmanager")
    return str(client.get_secret_value(SecretId=cloud.secrets[name], VersionStage=stage)["SecretString"])


def event(cloud: Cloud, step: str, name: str, token: str) -> dict[str, str]:
    return {"Step": step, "SecretId": cloud.secrets[name], "ClientRequestToken": token}


@pytest.mark.parametrize("name", SECRETS)
def test_two_rotations_each_make_a_new_strong_value_and_keep_the_last(
    handler: Any, cloud: Cloud, pending: Any, name: str
) -> None:
    seen = [value(cloud, name)]
    for _ in range(2):
        token = pending(name)
        for step in STEPS:
            for _ in range(2):  # Secrets Manager may call a step again
                assert handler(event(cloud, step, name, token)) is None
        seen.append(value(cloud, name))
        values.check(cloud.secrets[name], seen[-1])
        assert value(cloud, name, "AWSPREVIOUS") == seen[-2]
    assert len(set(seen)) == 3
    stages = cloud.client("secretsmanager").describe_secret(SecretId=cloud.secrets[name])["VersionIdsToStages"]
    labels = sorted(label for found in stages.values() for label in found)
    assert labels == ["AWSCURRENT", "AWSPREVIOUS"]


def test_create_again_keeps_the_first_pending_value(handler: Any, cloud: Cloud, pending: Any) -> None:
    token = pending("JWT_SECRET")
    handler(event(cloud, "createSecret", "JWT_SECRET", token))
    first = value(cloud, "JWT_SECRET", "AWSPENDING")
    handler(event(cloud, "createSecret", "JWT_SECRET", token))
    assert value(cloud, "JWT_SECRET", "AWSPENDING") == first


@pytest.mark.parametrize("step", [None, "", "destroySecret", "createsecret", 7])
def test_an_unknown_step_is_an_error(handler: Any, cloud: Cloud, pending: Any, step: Any) -> None:
    with pytest.raises(RotationRefusedError, match="unknown step"):
        handler(event(cloud, step, "JWT_SECRET", pending("JWT_SECRET")))


def test_a_secret_that_is_not_configured_is_refused(handler: Any, cloud: Cloud) -> None:
    other = cloud.client("secretsmanager").create_secret(Name="omnix-ai/dev/OTHER", SecretString="x")
    before = cloud.client("secretsmanager").describe_secret(SecretId=other["ARN"])["VersionIdsToStages"]
    for secret_id in (other["ARN"], other["Name"]):
        with pytest.raises(RotationRefusedError, match="not configured"):
            handler({"Step": "createSecret", "SecretId": secret_id, "ClientRequestToken": other["VersionId"]})
        with pytest.raises(RotationRefusedError, match="not configured"):
            handler({"source": "omnix.initialise", "secret_id": secret_id})
    assert cloud.client("secretsmanager").describe_secret(SecretId=other["ARN"])["VersionIdsToStages"] == before


def test_an_unknown_token_is_refused(handler: Any, cloud: Cloud) -> None:
    with pytest.raises(RotationRefusedError, match="no version"):
        handler(event(cloud, "createSecret", "JWT_SECRET", str(uuid.uuid4())))


def test_set_and_finish_before_create_fail(handler: Any, cloud: Cloud, pending: Any) -> None:
    token = pending("JWT_SECRET")
    for step in ("setSecret", "finishSecret"):
        with pytest.raises(RotationRefusedError, match="no value"):
            handler(event(cloud, step, "JWT_SECRET", token))


def test_the_test_of_a_schedule_passes_on_a_version_without_a_new_value(
    handler: Any, cloud: Cloud, pending: Any
) -> None:
    """RotateImmediately false: Secrets Manager runs testSecret alone and then removes the version."""
    token = pending("JWT_SECRET")
    assert handler(event(cloud, "testSecret", "JWT_SECRET", token)) is None
    assert value(cloud, "JWT_SECRET") == SECRETS["JWT_SECRET"]


@pytest.mark.parametrize("weak", ["short", "a" * 86, "!" * 86, "omx_" + "b" * 43])
def test_a_weak_pending_value_never_becomes_current(handler: Any, cloud: Cloud, weak: str) -> None:
    token = str(uuid.uuid4())
    cloud.client("secretsmanager").put_secret_value(
        SecretId=cloud.secrets["JWT_SECRET"], ClientRequestToken=token, SecretString=weak, VersionStages=["AWSPENDING"]
    )
    with pytest.raises(WeakValueError) as failure:
        handler(event(cloud, "testSecret", "JWT_SECRET", token))
    assert weak not in str(failure.value)
    assert value(cloud, "JWT_SECRET") == SECRETS["JWT_SECRET"]


def test_a_pending_value_that_is_the_current_one_does_not_finish(handler: Any, cloud: Cloud) -> None:
    token = str(uuid.uuid4())
    cloud.client("secretsmanager").put_secret_value(
        SecretId=cloud.secrets["JWT_SECRET"],
        ClientRequestToken=token,
        SecretString=SECRETS["JWT_SECRET"],
        VersionStages=["AWSPENDING"],
    )
    assert handler(event(cloud, "testSecret", "JWT_SECRET", token)) is None
    with pytest.raises(WeakValueError, match="current"):
        handler(event(cloud, "finishSecret", "JWT_SECRET", token))


def test_the_first_value_is_written_once_and_never_returned(cloud: Cloud) -> None:
    client = cloud.client("secretsmanager")
    arn = client.create_secret(Name="omnix-ai/dev/extra/JWT_SECRET")["ARN"]
    made = Rotation(client, [arn])
    assert made.initialise(arn) is True
    first = client.get_secret_value(SecretId=arn)["SecretString"]
    values.check(arn, first)
    assert made.initialise(arn) is False
    assert client.get_secret_value(SecretId=arn)["SecretString"] == first


def test_initialise_leaves_a_secret_that_has_a_value_alone(handler: Any, cloud: Cloud) -> None:
    answer = handler({"source": "omnix.initialise", "secret_id": cloud.secrets["API_KEY_1"]})
    assert answer == {"written": False}
    assert value(cloud, "API_KEY_1") == SECRETS["API_KEY_1"]


@pytest.mark.parametrize("name", SECRETS)
def test_made_values_have_the_documented_format(cloud: Cloud, name: str) -> None:
    made = values.make(cloud.secrets[name])
    assert len(made) == (47 if name == "API_KEY_1" else 86)
    assert made.startswith("omx_") == (name == "API_KEY_1")


def test_the_readiness_event_checks_every_secret(handler: Any) -> None:
    report = handler({"source": "omnix.readiness"})
    assert report["ok"], report
    assert {check["name"] for check in report["checks"]} == {f"secret:{name}" for name in SECRETS}
