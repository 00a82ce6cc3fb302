from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config import LOG_RETENTION_DAYS, ConfigError, Finding, RawConfig, StackConfig, validate
from tests.infra.stacks import STACKS, committed, raw, stack_config


def findings(stack: str, without: tuple[str, ...] = (), **changes: Any) -> dict[str, Finding]:
    """What is found wrong, by key, with `changes` to the committed config of `stack`."""
    with pytest.raises(ConfigError) as caught:
        validate(raw(stack, without, **changes))
    return {finding.key: finding for finding in caught.value.findings}


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_configs_are_valid(stack: str) -> None:
    assert stack_config(stack).environment == stack


@pytest.mark.parametrize("stack", STACKS)
def test_values_arrive_as_pulumi_hands_them_over_as_text(stack: str) -> None:
    import json

    def text(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    as_text = {key: text(value) for key, value in committed(stack).items()}
    assert validate(RawConfig(stack, as_text)) == stack_config(stack)


def test_every_error_is_listed_at_once_with_key_value_and_remedy() -> None:
    found = findings(
        "prod",
        without=("owner",),
        regoin="eu-central-1",
        region="us-east-1",
        corsOrigins=["*"],
        protect="false",
        throttle={"rateLimit": -1, "burstLimit": 10},
    )
    assert set(found) == {"owner", "regoin", "region", "corsOrigins[0]", "protect", "throttle.rateLimit"}
    assert all(finding.remedy and finding.problem for finding in found.values())
    assert found["owner"].value == "(missing)"
    assert found["region"].value == '"us-east-1"'
    assert "did you mean region" in found["regoin"].remedy
    assert "pulumi config set omnix-ai:owner" in found["owner"].remedy


def test_the_message_names_the_file_and_numbers_the_errors() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(raw("dev", ("owner", "costCenter")))
    message = str(caught.value)
    assert message.startswith("Pulumi.dev.yaml has 2 errors")
    assert "1. omnix-ai:costCenter" in message
    assert "2. omnix-ai:owner" in message


@pytest.mark.parametrize("key", sorted(name for name in committed("prod") if name != "domain"))
def test_a_missing_key_is_named_or_has_a_default(key: str) -> None:
    optional = {"capacity", "corsOrigins", "alarmEmails", "artefacts", "adopt", "functions"}
    if key in optional:
        assert validate(raw("prod", (key,)))
    elif key == "backup":
        assert validate(raw("dev", (key,)))
        assert set(findings("prod", (key,))) == {"backup.lock"}
    else:
        assert findings("prod", (key,))[key].value == "(missing)"


def test_an_unknown_key_inside_a_section_is_named_with_its_path() -> None:
    found = findings("dev", throttle={"rateLimit": 1, "burstLimit": 1, "burst": 2})
    assert "burstLimit" in found["throttle.burst"].remedy


def test_the_environment_is_the_stack() -> None:
    assert "the stack is dev" in findings("dev", environment="prod")["environment"].problem


@pytest.mark.parametrize(
    ("stack", "changes", "key"),
    [
        ("staging", {"owner": "prod-team"}, "owner"),
        ("staging", {"corsOrigins": ["https://app.prod.example"]}, "corsOrigins[0]"),
        ("prod", {"adopt": {"tables/users": "omnix-ai-dev-users"}}, "adopt.tables/users"),
        ("prod", {"costCenter": "CC_Staging_1"}, "costCenter"),
        ("dev", {"alarmEmails": ["production@shop.example"]}, "alarmEmails[0]"),
        ("prod", {"artefacts": {"manifest": "releases/staging/manifest.json"}}, "artefacts.manifest"),
    ],
)
def test_another_environments_name_is_refused_wherever_it_stands(stack: str, changes: dict[str, Any], key: str) -> None:
    assert "names the environment" in findings(stack, **changes)[key].problem


@pytest.mark.parametrize(
    "text", ["products", "device", "devices-team", "reproduction", "upstaging", "developer", "prods"]
)
def test_an_environments_name_inside_a_word_is_no_name(text: str) -> None:
    assert stack_config("staging", owner=text).owner == text


@given(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_only_whole_tokens_count(before: str, after: str) -> None:
    assert stack_config("staging", owner=f"{before}prod{after}")


@pytest.mark.parametrize(
    ("stack", "host"),
    [("staging", "omnix-ai.example"), ("staging", "www.omnix-ai.example"), ("dev", "OMNIX-AI.example")],
)
def test_another_environments_domain_is_refused(stack: str, host: str) -> None:
    found = findings(stack, owner=f"see {host}", corsOrigins=[f"https://{host.lower()}"])
    assert {"owner", "corsOrigins[0]"} <= set(found)


def test_a_subdomain_that_is_the_stacks_own_is_fine() -> None:
    origins = ["https://a.staging.omnix-ai.example"]
    assert stack_config("staging", corsOrigins=origins).cors_origins == tuple(origins)


def test_a_companys_mail_domain_is_nobodys_endpoint() -> None:
    assert stack_config("dev", alarmEmails=["team@omnix-ai.example"])


def test_two_stacks_do_not_share_a_domain() -> None:
    raw_config = RawConfig("staging", committed("staging"), {"prod": "staging.omnix-ai.example"})
    with pytest.raises(ConfigError, match="domain of prod"):
        validate(raw_config)


@pytest.mark.parametrize("stack", STACKS)
def test_a_wildcard_origin_is_refused_everywhere(stack: str) -> None:
    problem = findings(stack, corsOrigins=["*"])["corsOrigins[0]"].problem
    assert ("wildcard origin in prod" in problem) == (stack == "prod")


@pytest.mark.parametrize(
    "origin",
    [
        "https://*.shop.example",
        "https://shop.example/",
        "https://shop.example/path",
        "shop.example",
        "https://Shop.example",
        "https://user@shop.example",
        "https://shop.example:0",
        "https://shop.example:65536",
        "ftp://shop.example",
        "https://",
        "null",
    ],
)
def test_an_origin_is_exact(origin: str) -> None:
    assert "not an exact origin" in findings("dev", corsOrigins=[origin])["corsOrigins[0]"].problem


def test_plain_http_is_for_dev_only() -> None:
    assert stack_config("dev", corsOrigins=["http://localhost:3000"])
    assert "https" in findings("staging", corsOrigins=["http://shop.example"])["corsOrigins[0]"].remedy


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"region": "eu-west-1"}, "drRegion"),
        ({"region": "eu-west-1", "drRegion": "eu-central-1"}, "region"),
        ({"region": "us-east-1"}, "region"),
        ({"failover": True}, "failover"),
        ({"backup": {"lock": "governance"}}, "backup.lock"),
        ({"backup": {"lock": "forever"}}, "backup.lock"),
        ({"backup": {"drillPassed": "soon"}}, "backup.drillPassed"),
        ({"backup": {"drillPassed": "2999-01-01"}}, "backup.drillPassed"),
        ({"drRegion": "eu-central-1"}, "drRegion"),
        ({"accountId": "12345678901"}, "accountId"),
        ({"accountId": "12345678901x"}, "accountId"),
        ({"accountId": "1234567890123"}, "accountId"),
        ({"logRetentionDays": 8}, "logRetentionDays"),
        ({"logRetentionDays": 0}, "logRetentionDays"),
        ({"logLevel": "TRACE"}, "logLevel"),
        ({"secretRecoveryDays": 6}, "secretRecoveryDays"),
        ({"secretRecoveryDays": 31}, "secretRecoveryDays"),
        ({"rotationDays": 0}, "rotationDays"),
        ({"rotationDays": 1001}, "rotationDays"),
        ({"domain": "https://shop.example"}, "domain"),
        ({"domain": "shop"}, "domain"),
        ({"owner": ""}, "owner"),
        ({"owner": "a" * 257}, "owner"),
        ({"costCenter": "<b>"}, "costCenter"),
        ({"alarmEmails": ["nobody"]}, "alarmEmails[0]"),
        ({"alarmEmails": [f"a{n}@shop.example" for n in range(11)]}, "alarmEmails"),
        ({"alarmEmails": ["a@shop.example", "a@shop.example"]}, "alarmEmails"),
        ({"throttle": {"rateLimit": 0, "burstLimit": 1}}, "throttle.rateLimit"),
        (
            {"throttle": {"rateLimit": 9, "burstLimit": 9, "assistant": {"rateLimit": 1}}},
            "throttle.assistant.burstLimit",
        ),
        ({"functions": {"api": {"memoryMb": 127}}}, "functions.api.memoryMb"),
        ({"functions": {"api": {"timeoutSeconds": 29}}}, "functions.api.timeoutSeconds"),
        ({"functions": {"api": {"reservedConcurrency": -1}}}, "functions.api.reservedConcurrency"),
        ({"functions": {"web": {}}}, "functions.web"),
        ({"artefacts": {"target": "azure"}}, "artefacts.target"),
        ({"adopt": {"tables/legacy": "x"}}, "adopt.tables/legacy"),
        (
            {"capacity": {"legacy": {"readMin": 1, "readMax": 1, "writeMin": 1, "writeMax": 1}}},
            "capacity.legacy",
        ),
        (
            {"capacity": {"orders": {"readMin": 2, "readMax": 1, "writeMin": 1, "writeMax": 1}}},
            "capacity.orders",
        ),
        ({"corsOrigins": "https://shop.example"}, "corsOrigins"),
        ({"protect": "perhaps"}, "protect"),
    ],
)
def test_a_value_that_aws_or_the_platform_refuses_is_found(changes: dict[str, Any], key: str) -> None:
    assert key in findings("dev", **changes)


def test_provisioned_concurrency_lies_within_the_reserved_one() -> None:
    overrides = {"api": {"reservedConcurrency": 1, "provisionedConcurrency": 2}}
    assert "more than" in findings("dev", functions=overrides)["functions.api"].problem


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"protect": False}, "protect"),
        ({"secretRecoveryDays": 0}, "secretRecoveryDays"),
        ({"logRetentionDays": 7}, "logRetentionDays"),
        ({"aliasOwner": "pulumi"}, "aliasOwner"),
        ({"backup": {"lock": "none"}}, "backup.lock"),
        ({"backup": {"lock": "governance", "copyToDr": False}}, "backup.copyToDr"),
        ({"backup": {"lock": "governance", "restoreTesting": False}}, "backup.restoreTesting"),
        ({"backup": {"lock": "compliance"}}, "backup.lock"),
    ],
)
def test_prod_is_careful(changes: dict[str, Any], key: str) -> None:
    assert set(findings("prod", **changes)) == {key}


def test_a_lock_that_nobody_can_undo_asks_for_a_drill_that_passed_and_for_protection() -> None:
    final = {"lock": "compliance", "drillPassed": "2026-11-01"}
    assert stack_config("prod", backup=final).backup.drill_passed == date(2026, 11, 1)
    assert "no drill" in findings("prod", backup={"lock": "compliance"})["backup.lock"].problem
    assert "nobody can empty" in findings("staging", backup=final)["backup.lock"].problem
    assert stack_config("staging", backup={"lock": "governance"}).backup.lock == "governance"


@pytest.mark.parametrize("stack", STACKS)
def test_the_regions_are_swapped_only_in_a_failover(stack: str) -> None:
    swapped: dict[str, Any] = {"region": "eu-west-1", "drRegion": "eu-central-1"}
    assert "failover" in findings(stack, **swapped)["region"].remedy
    assert stack_config(stack, **swapped, failover=True).region == "eu-west-1"


@pytest.mark.parametrize("stack", STACKS)
def test_a_recovery_region_is_left_out_only_in_a_failover(stack: str) -> None:
    """The lost region would be asked for a key, a vault and a bucket, and nothing there answers."""
    lost = {"region": "eu-west-1", "failover": True}
    config = validate(raw(stack, ("drRegion",), **lost))
    assert (config.region, config.dr_region, config.copies_backups) == ("eu-west-1", None, False)
    for changes in ({}, {"failover": False}):
        found = findings(stack, ("drRegion",), **changes)
        assert set(found) == {"drRegion"}
        assert "pulumi config set omnix-ai:drRegion eu-west-1" in found["drRegion"].remedy
    assert set(findings(stack, ("drRegion",), region="eu-west-1")) == {"drRegion", "region"}
    assert set(findings(stack, ("drRegion",), failover=True)) == {"failover"}


@pytest.mark.parametrize("copy", [True, False])
def test_without_a_recovery_region_prod_is_not_asked_for_copies(copy: bool) -> None:
    """So that the failover's config differs from the home's by its regions alone, and copies begin with `drRegion`."""
    backup = {"lock": "governance", "copyToDr": copy}
    lost: dict[str, Any] = {"region": "eu-west-1", "failover": True, "backup": backup}
    assert not validate(raw("prod", ("drRegion",), **lost)).copies_backups
    if copy:
        assert stack_config("prod", **lost, drRegion="eu-central-1").copies_backups
    else:
        assert set(findings("prod", **lost, drRegion="eu-central-1")) == {"backup.copyToDr"}
    assert set(findings("prod", ("drRegion",), **{**lost, "backup": {}})) == {"backup.lock"}


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_a_secret_that_a_destroy_deletes_has_no_recovery_window(stack: str) -> None:
    """Its name would stay taken (`InvalidRequestException … scheduled for deletion`), and the next `up` fail on it."""
    assert set(findings(stack, secretRecoveryDays=7)) == {"secretRecoveryDays"}


@pytest.mark.parametrize("stack", STACKS)
def test_secrets_rotate_no_more_often_than_sessions_end(stack: str) -> None:
    """A session lives 30 days, and its refresh token dies with the second rotation of the secret that keys it."""
    assert set(findings(stack, rotationDays=29)) == {"rotationDays"}


def test_dev_may_keep_less() -> None:
    config = stack_config("dev")
    assert (config.protect, config.secret_recovery_days, config.alias_owner) == (False, 0, "pulumi")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"modelId": "other.model"}, "bedrock.modelId"),
        ({"dailyBudgetUsd": 0}, "bedrock.dailyBudgetUsd"),
        ({"dailyBudgetUsd": 2000}, "bedrock.dailyBudgetUsd"),
        ({"monthlyBudgetUsd": -1}, "bedrock.monthlyBudgetUsd"),
        ({"models": []}, "bedrock.models"),
    ],
)
def test_bedrocks_model_is_allowed_and_its_budgets_make_sense(changes: dict[str, Any], key: str) -> None:
    assert key in findings("dev", bedrock={**committed("dev")["bedrock"], **changes})


def test_a_stack_without_any_origin_serves_no_browser() -> None:
    assert "corsOrigins" in findings("dev", ("domain",), corsOrigins=[])


def test_origins_begin_with_the_stacks_own_domain_and_hold_it_once() -> None:
    config = stack_config("staging", corsOrigins=["https://a.example", "https://staging.omnix-ai.example"])
    assert config.allowed_origins == ("https://staging.omnix-ai.example", "https://a.example")


def test_an_override_changes_only_what_it_names() -> None:
    config = stack_config("dev", functions={"api": {"memoryMb": 1024}})
    default = stack_config("dev").sizing("api")
    assert config.sizing("api") == default.model_copy(update={"memory_mb": 1024})
    assert config.sizing("auth") == stack_config("dev").sizing("auth")


def test_a_config_cannot_be_changed_after_it_was_checked() -> None:
    config = stack_config("dev")
    with pytest.raises(ValueError, match="frozen"):
        config.protect = True  # type: ignore[misc]


def test_an_engineers_shell_does_not_change_what_is_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OWNER", "owner", "DOMAIN", "PROTECT"):
        monkeypatch.setenv(name, "other.example")
    assert stack_config("dev").owner == committed("dev")["owner"]


@given(st.integers(min_value=-10, max_value=4000))
def test_log_retention_is_one_of_cloudwatchs(days: int) -> None:
    try:
        config: StackConfig | None = stack_config("dev", logRetentionDays=days)
    except ConfigError:
        config = None
    assert (config is not None) == (days in LOG_RETENTION_DAYS)


@given(
    st.dictionaries(
        st.sampled_from(sorted(committed("dev"))),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_whatever_is_written_ends_in_a_config_or_in_findings(changes: dict[str, Any]) -> None:
    try:
        outcome: object = validate(raw("dev", **changes))
    except ConfigError as error:
        outcome = error.findings
    assert outcome


PREVIEW = {
    "repository": "acme/shop",
    "stateBucket": "acme-pulumi-state",
    "stateKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/0f0f0f0f-1111-2222-3333-444444444444",
}


@pytest.mark.parametrize("repository", ["acme/shop", "acme/shop.example", "acme/prod-platform", "acme@12/shop@34"])
def test_one_repository_may_preview_any_stack_whatever_its_name(repository: str) -> None:
    config = stack_config("dev", preview=PREVIEW | {"repository": repository})
    assert config.preview is not None
    assert config.preview.repository == repository


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("repository", "acme"),
        ("repository", "acme/*"),
        ("repository", "acme/shop:ref:refs/heads/main"),
        ("repository", "https://github.com/acme/shop"),
        ("repository", "acme@12/shop"),
        ("repository", "acme/shop\n"),
        ("stateBucket", "s3://acme-pulumi-state"),
        ("stateBucket", "acme-pulumi-state/folder"),
        ("stateBucket", "*"),
        ("stateKeyArn", "alias/state"),
        ("stateKeyArn", "arn:aws:kms:eu-central-1:111122223333:alias/state"),
        ("stateKeyArn", "arn:aws:kms:eu-central-1:111122223333:key/*"),
        ("lockTable", "locks"),
    ],
)
def test_a_preview_that_would_trust_or_open_more_than_one_thing_is_refused(key: str, value: str) -> None:
    assert f"preview.{key}" in findings("dev", preview=PREVIEW | {key: value})


def test_a_state_bucket_of_another_environment_is_refused() -> None:
    assert "preview.stateBucket" in findings("dev", preview=PREVIEW | {"stateBucket": "acme-prod-state"})


def test_the_deployment_that_switches_a_table_to_provisioned_says_so() -> None:
    capacity = {"readMin": 1, "readMax": 2, "writeMin": 1, "writeMax": 2}
    assert not stack_config("dev", capacity={"users": capacity}).capacity["users"].switching
    assert stack_config("dev", capacity={"users": capacity | {"switching": True}}).capacity["users"].switching


def test_a_stack_that_says_nothing_of_routes_that_pay_for_models_throttles_them_all_the_same() -> None:
    config = validate(raw("dev", throttle={"rateLimit": 50, "burstLimit": 100}))
    assert (config.throttle.assistant.rate_limit, config.throttle.assistant.burst_limit) == (10, 20)


@pytest.mark.parametrize("stack", STACKS)
def test_the_assistant_ends_before_the_gateway_gives_up_with_time_for_the_authorizers_start(stack: str) -> None:
    assert validate(raw(stack)).sizing("assistant").timeout_seconds <= 29 - 3
