"""A move is planned on evidence, written over what was looked at, and taken back by the same road."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from components.data.tables import TABLES, TableDefinition
from omnix.table_names import PARAMETER, TableNames, parse
from ops.cutover.evidence import verified_tables
from ops.cutover.fitness import lacking, stream_arn
from ops.cutover.moving import LEAD_SECONDS, Move, Site, back, carried_out, followed, planned
from ops.cutover.parameter import BEFORE, MOVED, Parameter
from ops.errors import Refused
from ops.stack import StackOutputs

REGION = "eu-central-1"
NOW = 1795251600.0
STANDARD = {name: f"omnix-ai-dev-{name}" for name in TABLES}
LEGACY = "legacy-orders"


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    at: float = NOW
    naps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += seconds


class Functions:
    """Lambda's answers about aliases."""

    def __init__(self, *, shifting: bool = False, behind: bool = False) -> None:
        self.shifting, self.behind = shifting, behind

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert (FunctionName, Name) == ("omnix-ai-dev-api", "live")
        return {
            "FunctionVersion": "3",
            "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}} if self.shifting else {},
        }

    def get_function_configuration(self, FunctionName: str, Qualifier: str = "$LATEST") -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "omnix-ai-dev-api"
        return {"CodeSha256": "old" if self.behind and Qualifier == "3" else "new"}


@dataclass
class Cloud:
    """An environment in moto: its parameter, its tables, its key."""

    key_arn: str
    functions: Functions = field(default_factory=Functions)
    clock: Clock = field(default_factory=Clock)

    def client(self, service: str) -> Any:
        if service == "lambda":
            return self.functions
        made: Any = boto3.client(service, region_name=REGION)  # type: ignore[call-overload] # any service by its name
        return made

    @property
    def parameter(self) -> Parameter:
        return Parameter(self.client("ssm"), "/omnix-ai/dev")

    @property
    def site(self) -> Site:
        api = {"name": "omnix-ai-dev-api", "arn": "arn:api", "alias_arn": "arn:api:live"}
        outputs = StackOutputs.model_validate(
            {"environment": "dev", "region": REGION, "account_id": "123456789012", "api_url": "https://x",
             "parameter_prefix": "/omnix-ai/dev", "functions": {"api": api}, "tables": STANDARD,
             "legacy_tables": {"orders": LEGACY}, "key_arn": self.key_arn}
        )  # fmt: skip
        return Site(outputs, self.client, self.clock.now, self.clock.sleep)

    def plan(self, *, proven: set[str] | None = None, unverified: set[str] | None = None, **wanted: str) -> Move:
        given = {LEGACY} if proven is None else proven
        return planned(self.site, self.parameter.current(), wanted or {"orders": LEGACY}, given, unverified or set())


def create(cloud: Cloud, name: str, definition: TableDefinition, **changes: Any) -> None:
    def keys(stem: str) -> list[dict[str, str]]:
        return [{"AttributeName": f"{stem}pk", "KeyType": "HASH"}, {"AttributeName": f"{stem}sk", "KeyType": "RANGE"}]

    given: dict[str, Any] = {
        "KeySchema": keys(""),
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in definition.attributes],
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": keys(index), "Projection": {"ProjectionType": "ALL"}}
            for index in definition.indexes
        ],
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": cloud.key_arn},
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    } | changes
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **{k: v for k, v in given.items() if v})
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    if definition.ttl:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": definition.ttl}
        )


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        made = Cloud(boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["Arn"])
        made.client("ssm").put_parameter(
            Name=f"/omnix-ai/dev/{PARAMETER}",
            Value=TableNames(STANDARD).text(),
            Type="String",
            Description="the stack's",
        )
        create(made, LEGACY, TABLES["orders"])
        yield made


def test_a_fit_and_proven_table_may_serve(cloud: Cloud) -> None:
    move = cloud.plan()
    assert move.obstacles == ()
    assert [(one.logical, one.before, one.after) for one in move.changes] == [("orders", STANDARD["orders"], LEGACY)]


def test_all_functions_are_told_before_the_moment_and_the_others_tables_stay(cloud: Cloud) -> None:
    heard: list[str] = []
    written = carried_out(cloud.site, cloud.parameter, cloud.plan(), 5, lambda what, _: heard.append(what))
    names = written.names
    assert names.moved_at >= NOW + LEAD_SECONDS + 5
    assert names.moved_at == int(names.moved_at)
    assert cloud.clock.at >= names.moved_at
    assert names.physical("orders", names.moved_at - 0.01) == STANDARD["orders"]
    assert {name: names.physical(name, names.moved_at) for name in TABLES} == {**STANDARD, "orders": LEGACY}
    assert (names.paused(names.moved_at - 5), names.paused(names.moved_at)) == (True, False)
    assert dict.fromkeys(heard) == dict.fromkeys(["functions read the names", "writes pause"])


def test_the_stack_s_description_stays_and_the_labels_say_which_way_is_back(cloud: Cloud) -> None:
    carried_out(cloud.site, cloud.parameter, cloud.plan(), 0, lambda *_: None)
    assert [version.labels for version in cloud.parameter.history()] == [(BEFORE,), (MOVED,)]
    (found,) = cloud.client("ssm").describe_parameters()["Parameters"]
    assert found["Description"] == "the stack's"


def test_many_moves_never_leave_a_label_behind(cloud: Cloud) -> None:
    for _ in range(4):
        over = cloud.parameter.current()
        wanted = LEGACY if over.names.physical("orders", cloud.clock.at) != LEGACY else STANDARD["orders"]
        move = cloud.plan(proven={wanted}, orders=wanted)
        carried_out(cloud.site, cloud.parameter, Move(move.over, move.changes), 0, lambda *_: None)
    assert [version.labels for version in cloud.parameter.history()] == [(), (), (), (BEFORE,), (MOVED,)]


def move_and(cloud: Cloud, worse: list[str], *, auto_revert: bool = True) -> Any:
    return followed(
        cloud.site, cloud.parameter, cloud.plan(), lambda _: worse, pause=5, auto_revert=auto_revert,
        each=lambda *_: None,
    )  # fmt: skip


def serving(cloud: Cloud) -> dict[str, str]:
    names = cloud.parameter.current().names
    return {name: names.physical(name, cloud.clock.at) for name in names.tables}


def test_what_got_worse_is_moved_back_by_itself_at_one_moment_for_all(cloud: Cloud) -> None:
    outcome = move_and(cloud, ["5xx of the API: 40"])
    assert (outcome.worse, outcome.reverted) == (["5xx of the API: 40"], True)
    assert serving(cloud) == STANDARD
    last = cloud.parameter.current().names
    assert (last.before, last.pause) == ({"orders": LEGACY}, 5)
    assert last.moved_at >= outcome.moved_at + LEAD_SECONDS


def test_what_got_worse_stays_where_the_operator_wants_to_decide_and_what_did_not_stays(cloud: Cloud) -> None:
    assert not move_and(cloud, ["5xx"], auto_revert=False).reverted
    assert serving(cloud) == {**STANDARD, "orders": LEGACY}


def test_a_quiet_move_stays(cloud: Cloud) -> None:
    assert not move_and(cloud, []).reverted
    assert serving(cloud) == {**STANDARD, "orders": LEGACY}


def test_the_way_back_leads_to_the_tables_of_before_whatever_else_is_wrong(cloud: Cloud) -> None:
    move_and(cloud, [])
    cloud.functions = Functions(behind=True)
    found = back(cloud.site, cloud.parameter.history())
    assert [(one.logical, one.before, one.after) for one in found.changes] == [("orders", LEGACY, STANDARD["orders"])]
    assert found.obstacles == ()


def test_a_move_that_is_still_to_come_is_waited_for(cloud: Cloud) -> None:
    """Functions that read it already would make it, whatever is written now."""
    cloud.parameter.move(cloud.parameter.current(), cloud.plan().names(NOW + 60, 0))
    assert any("takes place in 60 s" in said for said in back(cloud.site, cloud.parameter.history()).obstacles)


def test_before_any_move_there_is_no_way_back(cloud: Cloud) -> None:
    with pytest.raises(Refused, match="nothing was moved"):
        back(cloud.site, cloud.parameter.history())


def test_who_moved_it_meanwhile_stops_the_move_and_nothing_is_written(cloud: Cloud) -> None:
    move = cloud.plan()
    theirs = TableNames({**STANDARD, "users": "theirs"}).text()
    cloud.client("ssm").put_parameter(Name=cloud.parameter.name, Value=theirs, Type="String", Overwrite=True)
    with pytest.raises(Refused, match="somebody else moved"):
        carried_out(cloud.site, cloud.parameter, move, 0, lambda *_: None)
    assert cloud.parameter.current().names == parse(theirs)


def test_two_moves_do_not_overlap(cloud: Cloud) -> None:
    cloud.parameter.move(cloud.parameter.current(), cloud.plan().names(NOW + 60, 0))
    assert any("another move takes place in 60 s" in said for said in cloud.plan(users="x", proven={"x"}).obstacles)


def test_functions_of_the_release_before_would_not_follow(cloud: Cloud) -> None:
    for functions, said in (
        (Functions(behind=True), "deployed last"),
        (Functions(shifting=True), "shifts its traffic"),
    ):
        cloud.functions = functions
        assert any(said in obstacle for obstacle in cloud.plan().obstacles)


def test_a_table_that_nothing_vouches_for_is_refused_unless_the_operator_types_its_name(cloud: Cloud) -> None:
    (obstacle,) = cloud.plan(proven=set()).obstacles
    assert f"--unverified {LEGACY}" in obstacle
    assert cloud.plan(proven=set(), unverified={"another"}).obstacles == (obstacle,)
    assert cloud.plan(proven=set(), unverified={LEGACY}).obstacles == ()


def test_a_table_without_grants_or_that_is_not_there_is_refused(cloud: Cloud) -> None:
    found = " ".join(cloud.plan(orders="nowhere", proven={"nowhere"}).obstacles)
    assert "functions may not use it" in found
    assert "no such table" in found


def test_a_name_that_the_platform_has_not_and_a_move_to_where_it_is_are_refused(cloud: Cloud) -> None:
    with pytest.raises(Refused, match="no table nothing"):
        cloud.plan(nothing="x")
    with pytest.raises(Refused, match="serve already"):
        cloud.plan(orders=STANDARD["orders"])


ORDERS = TABLES["orders"]
PLAIN = [{"AttributeName": "pk", "KeyType": "HASH"}]


@pytest.mark.parametrize(
    ("definition", "changes", "said"),
    [
        (TableDefinition("orders", indexes=("gsi1",), stream=True), {}, "the index gsi2 is missing"),
        (TableDefinition("orders"), {"KeySchema": PLAIN, "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}]}, "its keys are"),
        (ORDERS, {"SSESpecification": None}, "not encrypted with the stack's key"),
        (ORDERS, {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}, "no stream of new"),
    ],
)  # fmt: skip
def test_a_table_that_could_not_do_what_the_stack_s_own_does_is_refused(
    cloud: Cloud, definition: TableDefinition, changes: dict[str, Any], said: str
) -> None:
    create(cloud, "other", definition, **changes)
    found = lacking(cloud.client("dynamodb"), "orders", "other", cloud.key_arn)
    assert any(said in one for one in found), found


def test_recovery_and_expiry_are_asked_for(cloud: Cloud) -> None:
    create(cloud, "old-sessions", TableDefinition("sessions", indexes=("gsi1",)))
    dynamodb = cloud.client("dynamodb")
    assert lacking(dynamodb, "sessions", "old-sessions", cloud.key_arn) == ["its items do not expire by expires_at"]
    dynamodb.update_continuous_backups(
        TableName="old-sessions", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    assert "point-in-time recovery is off" in lacking(dynamodb, "sessions", "old-sessions", cloud.key_arn)


def test_another_key_than_the_stack_s_is_none_that_functions_may_use(cloud: Cloud) -> None:
    assert lacking(cloud.client("dynamodb"), "orders", LEGACY, "arn:aws:kms:eu-central-1:1:key/other") == [
        "it is not encrypted with the stack's key"
    ]
    assert lacking(cloud.client("dynamodb"), "orders", LEGACY, cloud.key_arn) == []


def test_the_stream_for_the_config_is_named(cloud: Cloud) -> None:
    assert f"table/{LEGACY}/stream/" in str(stream_arn(cloud.client("dynamodb"), LEGACY))


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ('{"state": "differs", "mapping_sha256": "a"}', "ended as 'differs'"),
        ('{"state": "verified", "mapping_sha256": "b"}', "not what was run"),
        (None, "there is no file"),
    ],
)
def test_a_run_that_proves_nothing_is_refused(tmp_path: Path, report: str | None, said: str) -> None:
    (tmp_path / "run.json").write_text(
        '{"mapping_sha256": "a", "account_id": "1", "targets": {"orders": "t", "users": "u"}}'
    )
    if report:
        (tmp_path / "verify.json").write_text(report)
    with pytest.raises(Refused, match=said):
        verified_tables([tmp_path], "1")


def test_a_verified_run_vouches_for_its_targets(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(
        '{"mapping_sha256": "a", "account_id": "1", "targets": {"orders": "t", "users": "u"}}'
    )
    (tmp_path / "verify.json").write_text('{"state": "verified", "mapping_sha256": "a"}')
    assert verified_tables([tmp_path], "1") == {"t", "u"}
    with pytest.raises(Refused, match="account 1"):
        verified_tables([tmp_path], "2")


def test_names_that_do_not_fit_a_parameter_are_refused_before_anything_is_written(cloud: Cloud) -> None:
    over = cloud.parameter.current()
    huge = TableNames(dict.fromkeys(TABLES, "x" * 255), dict.fromkeys(TABLES, "y" * 255), NOW)
    with pytest.raises(Refused, match="4096"):
        cloud.parameter.move(over, huge)
    assert cloud.parameter.current() == over
