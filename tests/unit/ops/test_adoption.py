"""Adoption: what a destroy kept is found by name, and only what no state manages is given to the next `up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber
from moto import mock_aws

from components.config.adoption import ADOPTABLE
from components.data.tables import TABLES
from components.naming import Names
from components.security.secrets import SECRET_NAMES
from ops.adoption.discovery import Found, discover
from ops.adoption.monitor import CONFIG_KEY, MONITOR, REGION, monitor_of_services
from ops.adoption.stack_file import KEY, with_adoption
from ops.adoption.state import Managed, managed, unmanaged
from ops.errors import Refused
from tests.infra.stacks import stack_config

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = Names("prod", "123456789012", "eu-central-1")  # moto's account
THERE = NAMES.in_region("eu-west-1")
TAGS = {"Project": "omnix-ai", "Environment": "prod", "Component": "SecurityStack"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield lambda service, region=NAMES.region: boto3.client(service, region_name=region)


def make_key(account: Any, tags: dict[str, str]) -> str:
    return str(account("kms").create_key(Tags=tagged(tags))["KeyMetadata"]["KeyId"])


def tagged(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def make_table(account: Any, name: str) -> None:
    account("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def make_everything(account: Any) -> str:
    key = make_key(account, TAGS)
    for table in TABLES:
        make_table(account, NAMES.table(table))
    for secret in SECRET_NAMES:
        account("secretsmanager").create_secret(Name=NAMES.secret(secret))
    account("backup").create_backup_vault(BackupVaultName=NAMES.of("vault", "backup"))
    for bucket in ("artefacts", "backup-reports", "files", "migration"):
        make_bucket(account, NAMES.bucket(bucket), NAMES.region)
    make_bucket(account, THERE.bucket("files-dr"), THERE.region)
    account("iam").create_role(RoleName=NAMES.role("file-replication"), AssumeRolePolicyDocument="{}")
    account("backup", THERE.region).create_backup_vault(BackupVaultName=NAMES.of("vault", "backup-dr"))
    return key


def make_bucket(account: Any, name: str, region: str) -> None:
    account("s3", region).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})


def imports(account: Any) -> dict[str, str]:
    recovery = (THERE, lambda service: account(service, THERE.region))
    return {item.logical: item.import_id for item in discover(NAMES, account, recovery).found}


def test_every_adoptable_resource_is_found_with_the_provider_s_import_id(account: Any) -> None:
    key = make_everything(account)
    dr_key = account("kms", THERE.region).create_key(Tags=tagged(TAGS))["KeyMetadata"]["KeyId"]

    found = imports(account)

    # what lies in the other region says so: the provider would look for it in its own
    assert found["dr-key"] == f"{dr_key}@eu-west-1"
    assert found["dr-vault"] == "omnix-ai-prod-backup-dr@eu-west-1"
    assert found["file-bucket-dr"] == "omnix-ai-prod-files-dr-123456789012-eu-west-1@eu-west-1"
    assert found.keys() == ADOPTABLE
    assert found["key"] == key
    assert found["tables/customer-profiles"] == "omnix-ai-prod-customer-profiles"
    assert found["secrets/JWT_SECRET"].startswith(
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:omnix-ai/prod/"
    )
    assert found["vault"] == "omnix-ai-prod-backup"
    assert found["artefact-bucket"] == "omnix-ai-prod-artefacts-123456789012-eu-central-1"


def test_an_empty_account_has_nothing_to_adopt(account: Any) -> None:
    inventory = discover(NAMES, account)

    assert inventory.found == ()
    assert inventory.unusable == ()


def test_another_environment_s_resources_are_not_found(account: Any) -> None:
    make_key(account, TAGS | {"Environment": "staging"})
    make_table(account, "omnix-ai-staging-users")

    assert imports(account) == {}


def test_the_key_s_alias_wins_over_tags(account: Any) -> None:
    make_key(account, TAGS)
    aliased = make_key(account, {})
    account("kms").create_alias(AliasName="alias/omnix-ai-prod-platform", TargetKeyId=aliased)

    assert imports(account)["key"] == aliased


def test_two_keys_with_the_environment_s_tags_are_not_guessed_between(account: Any) -> None:
    make_key(account, TAGS)
    make_key(account, TAGS)

    with pytest.raises(Refused, match="2 keys bear the tags"):
        discover(NAMES, account)


def test_a_key_on_its_way_to_deletion_is_no_import_and_is_said_so(account: Any) -> None:
    key = make_key(account, TAGS)
    make_table(account, NAMES.table("users"))
    account("kms").schedule_key_deletion(KeyId=key)

    inventory = discover(NAMES, account)

    assert [item.logical for item in inventory.found] == ["tables/users"]
    assert "cancel-key-deletion" in inventory.unusable[0].remedy


def test_the_key_that_an_ordinary_destroy_leaves_to_its_deletion_is_no_matter(account: Any) -> None:
    account("kms").schedule_key_deletion(KeyId=make_key(account, TAGS))

    inventory = discover(NAMES, account)

    assert (inventory.found, inventory.unusable) == ((), ())


def test_a_secret_on_its_way_to_deletion_is_no_import_and_is_said_so(account: Any) -> None:
    make_key(account, TAGS)
    account("secretsmanager").create_secret(Name=NAMES.secret("JWT_SECRET"))
    account("secretsmanager").delete_secret(SecretId=NAMES.secret("JWT_SECRET"))

    inventory = discover(NAMES, account)

    assert [item.logical for item in inventory.found] == ["key"]
    assert "restore-secret" in inventory.unusable[0].remedy


def test_data_without_its_key_is_said_so(account: Any) -> None:
    make_table(account, NAMES.table("users"))

    assert "no key bears the tags" in discover(NAMES, account).unusable[0].problem


# --- state ------------------------------------------------------------------------------------------------------------

USERS = Found("tables/users", "aws:dynamodb/table:Table", "omnix-ai-prod-users")
KEY_FOUND = Found("key", "aws:kms/key:Key", "1234")


def resource(found: Found, **more: Any) -> dict[str, Any]:
    return {"type": found.type, "id": found.import_id, "custom": True, "urn": "urn:x", **more}


@pytest.mark.parametrize(
    "document",
    [
        {"version": 3, "deployment": {"resources": [resource(USERS)]}},  # pulumi stack export
        {"version": 3, "checkpoint": {"latest": {"resources": [resource(USERS)]}}},  # file backend
    ],
)
def test_what_the_state_manages_is_not_adopted(document: dict[str, Any]) -> None:
    assert unmanaged([USERS, KEY_FOUND], managed(document, "state")) == {"key": "1234"}


@pytest.mark.parametrize("mark", ["delete", "external"])
def test_what_the_state_only_reads_or_is_about_to_delete_is_not_managed(mark: str) -> None:
    state = managed({"deployment": {"resources": [resource(USERS, **{mark: True})]}}, "state")

    assert unmanaged([USERS], state) == {"tables/users": "omnix-ai-prod-users"}


@pytest.mark.parametrize("document", [{"deployment": {}}, {"deployment": {"resources": None}}, {"checkpoint": {}}])
def test_an_empty_state_manages_nothing(document: dict[str, Any]) -> None:
    assert managed(document, "state") == frozenset()


def test_something_else_than_a_state_is_refused() -> None:
    with pytest.raises(Refused, match=r"x\.json is no stack's state"):
        managed({"outputs": {}}, "x.json")


# --- stack file -------------------------------------------------------------------------------------------------------

FILE = """\
# Who may change this: the platform team.
encryptionsalt: v1:abc=
config:
  # the account
  omnix-ai:accountId: "777788889999"   # quoted: it is no number

  omnix-ai:corsOrigins:
    - https://www.omnix-ai.example
  omnix-ai:protect: true
  # last words
"""
ADOPT = {"tables/users": "omnix-ai-prod-users", "key": "1234"}


def test_the_map_is_added_and_every_other_line_stays_as_it_was() -> None:
    after = with_adoption(FILE, ADOPT, "f")

    assert [line for line in after.splitlines() if line not in FILE.splitlines()] == [
        "  omnix-ai:adopt:",
        '    key: "1234"',
        '    tables/users: "omnix-ai-prod-users"',
    ]
    assert [line for line in FILE.splitlines() if line not in after.splitlines()] == []
    assert yaml.safe_load(after)["config"][KEY] == ADOPT


def test_an_id_of_digits_stays_text() -> None:
    assert yaml.safe_load(with_adoption(FILE, {"key": "0123"}, "f"))["config"][KEY] == {"key": "0123"}


def test_an_earlier_map_is_replaced_in_place() -> None:
    once = with_adoption(FILE, {"vault": "v", "key": "old"}, "f").replace(
        "  omnix-ai:protect: true\n", "  omnix-ai:protect: true\n  omnix-ai:rotationDays: 30\n"
    )

    again = with_adoption(once, ADOPT, "f")

    assert yaml.safe_load(again)["config"][KEY] == ADOPT
    assert with_adoption(again, {}, "f").count("adopt") == 0
    assert again.index("rotationDays") == once.index("rotationDays")


def test_writing_the_same_map_twice_changes_nothing() -> None:
    once = with_adoption(FILE, ADOPT, "f")

    assert with_adoption(once, ADOPT, "f") == once


def test_removing_the_map_gives_the_file_back_byte_for_byte() -> None:
    assert with_adoption(with_adoption(FILE, ADOPT, "f"), {}, "f") == FILE


def test_a_file_without_a_last_newline_and_with_other_indentation_works() -> None:
    text = "config:\n    a:b: 1\n    omnix-ai:x:\n        - y"

    assert yaml.safe_load(with_adoption(text, ADOPT, "f"))["config"] == {"a:b": 1, "omnix-ai:x": ["y"], KEY: ADOPT}


def test_a_section_after_config_is_left_alone() -> None:
    text = "config:\n  a:b: 1\n\n# the salt\nencryptionsalt: v1:x\n"

    after = with_adoption(text, ADOPT, "f")

    assert after.endswith("\n\n# the salt\nencryptionsalt: v1:x\n")
    assert yaml.safe_load(after)["config"][KEY] == ADOPT


def test_a_quoted_key_and_a_flow_map_are_replaced() -> None:
    text = 'config:\n  "omnix-ai:adopt": {key: old}\n  a:b: 1\n'

    assert yaml.safe_load(with_adoption(text, ADOPT, "f"))["config"] == {KEY: ADOPT, "a:b": 1}


@pytest.mark.parametrize("text", ["config: {a:b: 1}\n", "name: x\n", "[1]\n", "a: b: c\n", ""])
def test_a_file_that_cannot_be_edited_in_place_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        with_adoption(text, ADOPT, "f")


# --- the account's anomaly monitor ------------------------------------------------------------------------------------

ACCOUNTS_OWN = "arn:aws:ce::123456789012:anomalymonitor/0f0f0f0f-1111-2222-3333-444444444444"


def monitor(name: str, arn: str = ACCOUNTS_OWN, **more: Any) -> dict[str, Any]:
    return {"MonitorName": name, "MonitorArn": arn, "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE", **more}


def looked_for(*pages: list[dict[str, Any]], state: Managed = frozenset()) -> str | None:
    """What is found in an account whose Cost Explorer answers with these pages."""
    client = boto3.client("ce", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y")
    with Stubber(client) as stubber:
        for number, page in enumerate(pages):
            asked = {"NextPageToken": f"{number}"} if number else {}
            more = {"NextPageToken": f"{number + 1}"} if number + 1 < len(pages) else {}
            stubber.add_response("get_anomaly_monitors", {"AnomalyMonitors": page, **more}, asked)
        return monitor_of_services(NAMES, client, state)


def test_the_accounts_own_monitor_is_found_on_any_page() -> None:
    other = {"MonitorName": "teams", "MonitorArn": "arn:x", "MonitorType": "CUSTOM"}

    assert looked_for([other], [monitor("Default-Services-Monitor")]) == ACCOUNTS_OWN


def test_a_monitor_that_the_stack_or_another_environments_stack_made_is_no_matter() -> None:
    own = "omnix-ai-prod-services"

    assert looked_for([monitor("omnix-ai-dev-services")]) is None
    assert looked_for([monitor(own)], state=frozenset({(MONITOR, ACCOUNTS_OWN)})) is None
    assert looked_for([monitor(own)]) == ACCOUNTS_OWN, "of a state that was lost"


def test_what_is_found_is_a_value_that_the_config_takes() -> None:
    config = stack_config("prod", anomalyMonitorArn=looked_for([monitor("Default-Services-Monitor")]))

    assert config.anomaly_monitor_arn == ACCOUNTS_OWN
    assert CONFIG_KEY == "omnix-ai:anomalyMonitorArn"
