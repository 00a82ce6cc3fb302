"""A deployment after another keeps key and secrets, with what they hold."""

from typing import Any

from tests.integration.upgrades.conftest import Upgrades


def value(upgrades: Upgrades) -> str:
    secret = f"omnix-ai/{upgrades.environment}/JWT_SECRET"
    found: str = upgrades.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    return found


def test_recovery_days_tags_and_a_renamed_component_leave_the_secrets_as_they_are(upgrades: Upgrades) -> None:
    upgrades.up("security")
    upgrades.client("secretsmanager").put_secret_value(
        SecretId=f"omnix-ai/{upgrades.environment}/JWT_SECRET", SecretString="kept"
    )
    changes: list[tuple[dict[str, Any], set[str]]] = [
        ({"recovery_days": 7}, {"recoveryWindowInDays"}),
        ({"recovery_days": 30, "retain": True}, {"recoveryWindowInDays", "deletionWindowInDays"}),
        ({"recovery_days": 30, "retain": True, "name": "safe", "was": "security"}, set()),
        ({"recovery_days": 0, "retain": False, "name": "safe"}, {"recoveryWindowInDays", "deletionWindowInDays"}),
    ]
    for arguments, expected in changes:
        plan = upgrades.up("security", **arguments)
        assert plan.lost() == []
        assert set(plan.operations().values()) <= {"update"}
        changed = {path.split(".")[0] for step in plan.steps if step.kind.startswith("aws:") for path in step.changed}
        assert changed == expected
        assert value(upgrades) == "kept"
