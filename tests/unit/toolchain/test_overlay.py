"""A local run's config is the committed one, on a local account."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from toolchain.overlay import LOCAL_ACCOUNTS, local_config, local_project
from toolchain.workspace import ROOT, STACKS

COMMITTED = {stack: (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8") for stack in STACKS}


def config(text: str) -> dict[str, object]:
    document: dict[str, dict[str, object]] = yaml.safe_load(text)
    return document["config"]


def test_the_overlay_differs_from_the_committed_config_in_account_and_target_only() -> None:
    for stack, committed in COMMITTED.items():
        before, after = config(committed), config(local_config(stack, committed))
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert changed == {"omnix-ai:accountId", "omnix-ai:artefacts"}


def test_no_overlay_carries_a_committed_account() -> None:
    for stack, committed in COMMITTED.items():
        real = str(config(committed)["omnix-ai:accountId"])
        assert real not in LOCAL_ACCOUNTS.values()
        assert config(local_config(stack, committed))["omnix-ai:accountId"] == LOCAL_ACCOUNTS[stack]


def test_the_encryption_salt_of_an_earlier_run_lives_on() -> None:
    first = local_config("dev", COMMITTED["dev"]) + "encryptionsalt: v1:abc\n"
    assert yaml.safe_load(local_config("dev", COMMITTED["dev"], first))["encryptionsalt"] == "v1:abc"


def test_an_overlay_without_unprotect_protects_again() -> None:
    unprotected = local_config("prod", COMMITTED["prod"], unprotect=True)
    assert config(unprotected)["omnix-ai:unprotect"] is True
    assert "omnix-ai:unprotect" not in config(local_config("prod", COMMITTED["prod"], unprotected))


def test_the_overlay_project_runs_the_committed_program() -> None:
    project = yaml.safe_load(local_project((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"), ROOT))
    assert project["name"] == "omnix-ai"
    assert project["main"] == str(ROOT)


@given(st.sampled_from(STACKS))
def test_making_an_overlay_of_an_overlay_changes_nothing(stack: str) -> None:
    once = local_config(stack, COMMITTED[stack])
    assert local_config(stack, once, once) == once
