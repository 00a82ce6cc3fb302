"""P7: secrets rotate, requests go on, and the engine has nothing to say about it."""

import time
from collections.abc import Callable

from tests.integration.conftest import Environment


def current_version(environment: Environment, arn: str) -> str:
    stages = environment.client("secretsmanager").describe_secret(SecretId=arn)["VersionIdsToStages"]
    found: str = next(version for version, names in stages.items() if "AWSCURRENT" in names)
    return found


def rotate(environment: Environment, arn: str) -> None:
    before = current_version(environment, arn)
    environment.client("secretsmanager").rotate_secret(SecretId=arn)
    deadline = time.monotonic() + 30
    while current_version(environment, arn) == before:
        assert time.monotonic() < deadline, f"{arn} did not rotate"
        time.sleep(0.1)


def test_two_rotations_of_every_secret_leave_nothing_for_refresh_and_up(
    scratch: Callable[[str], Environment],
) -> None:
    staging = scratch("staging")
    secrets = staging.client("secretsmanager")
    for arn in staging.outputs["secrets"].values():
        values = [secrets.get_secret_value(SecretId=arn)["SecretString"]]
        for _ in range(2):
            rotate(staging, arn)
            values.append(secrets.get_secret_value(SecretId=arn)["SecretString"])
        assert len(set(values)) == 3
    refreshed = staging.engine("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert refreshed.returncode == 0, refreshed.stdout
    assert staging.engine("up", "--yes", "--skip-preview", "--expect-no-changes").returncode == 0


def test_a_token_outlives_one_rotation_and_a_sign_in_works_after_it(environments: dict[str, Environment]) -> None:
    dev = environments["dev"]
    token = dev.sign_in()
    rotate(dev, dev.outputs["secrets"]["JWT_SECRET"])
    assert dev.http(token).get("/auth/me").status_code == 200
    assert dev.http(dev.sign_in()).get("/auth/me").status_code == 200
