"""Verdicts, and what stands against a removal."""

from datetime import timedelta

import pytest

from ops.audit.model import Kind, LastUse, Reference, Tool, Unread, Verdict
from tests.unit.ops.audit.accounts import BUSY, NOW, OLD, REGION, judged, named_by, owned, resource, table


def test_an_idle_function_of_nobody_goes() -> None:
    assert judged(resource(Kind.FUNCTION, "omnix-x"))["omnix-x"].verdict is Verdict.REMOVE


def test_a_function_in_use_is_moved_when_it_is_the_projects_and_kept_when_not() -> None:
    found = judged(resource(Kind.FUNCTION, "omnix-x", last_use=BUSY), resource(Kind.FUNCTION, "billing", last_use=BUSY))
    assert (found["omnix-x"].verdict, found["billing"].verdict) == (Verdict.MIGRATE, Verdict.KEEP)


def test_silence_of_something_younger_than_the_window_proves_nothing() -> None:
    born = NOW - timedelta(days=30)
    young = resource(Kind.FUNCTION, "omnix-x", created_at=born, last_use=LastUse(unused_since=born))
    assert judged(young)["omnix-x"].verdict is Verdict.UNKNOWN


def test_metrics_that_were_not_answered_prove_nothing() -> None:
    assert judged(resource(Kind.FUNCTION, "omnix-x", last_use=LastUse()))["omnix-x"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("tool", [Tool.CDK, Tool.SERVERLESS, Tool.CLOUDFORMATION, Tool.PULUMI, Tool.TERRAFORM])
@pytest.mark.parametrize("kind", [Kind.FUNCTION, Kind.REST_API, Kind.ROLE, Kind.LOG_GROUP, Kind.BUCKET, Kind.SECRET])
def test_nothing_of_a_stack_is_removed_from_under_it(tool: Tool, kind: Kind) -> None:
    one = judged(resource(kind, "omnix-old", owner=owned("Backend", tool), measures={"versions": 0}))["omnix-old"]
    assert one.verdict is not Verdict.REMOVE
    if tool in (Tool.CDK, Tool.SERVERLESS, Tool.CLOUDFORMATION):
        assert "stack" in one.step


def test_a_stacks_table_is_migrated_first_and_goes_with_its_stack() -> None:
    one = judged(table("omnix-ai-cdk-orders", owner=owned("Backend")), environment="dev")["omnix-ai-cdk-orders"]
    assert (one.verdict, one.target) == (Verdict.MIGRATE, "omnix-ai-dev-orders")
    assert "data retained" in one.step


def test_what_something_that_stays_names_is_spared() -> None:
    user = resource(Kind.FUNCTION, "omnix-api", last_use=BUSY)
    found = judged(user, table("test-table", 0, references=[named_by(user)]))
    assert found["test-table"].verdict is Verdict.UNKNOWN
    assert any("omnix-api" in line for line in found["test-table"].evidence)


def test_what_only_something_that_goes_names_goes_too_however_long_the_chain() -> None:
    gateway = resource(Kind.REST_API, "abc", label="omnix-old")
    function = resource(Kind.FUNCTION, "omnix-old", references=[named_by(gateway)])
    role = resource(Kind.ROLE, "omnix-old-role", references=[named_by(function)])
    found = judged(role, function, gateway, table("tmp", 0, references=[named_by(function)]))
    assert {one.verdict for one in found.values()} == {Verdict.REMOVE}


def test_sparing_the_last_of_a_chain_spares_the_whole_chain() -> None:
    gateway = resource(Kind.REST_API, "abc", label="omnix-api", last_use=BUSY)
    function = resource(Kind.FUNCTION, "omnix-old", references=[named_by(gateway)])
    role = resource(Kind.ROLE, "omnix-old-role", references=[named_by(function)])
    found = judged(role, table("tmp", 0, references=[named_by(function)]), function, gateway)
    assert found["omnix-old"].verdict is Verdict.UNKNOWN
    assert found["tmp"].verdict is Verdict.UNKNOWN
    assert found["omnix-old-role"].verdict is Verdict.KEEP


def test_a_source_tree_or_a_parameter_that_names_it_spares_it() -> None:
    one = table("test-table", 0, references=[Reference(where="src: app.py", line=3, text="test-table")])
    found = judged(one)["test-table"]
    assert found.verdict is Verdict.UNKNOWN
    assert "named by src: app.py, line 3" in found.evidence


def test_an_alarm_goes_with_its_function_and_does_not_keep_it() -> None:
    alarm = resource(Kind.ALARM, "errors", last_use=LastUse())
    function = resource(Kind.FUNCTION, "omnix-old", references=[named_by(alarm)])
    assert {one.verdict for one in judged(alarm, function).values()} == {Verdict.REMOVE}


def test_an_alarm_of_two_functions_stays_with_the_one_that_stays() -> None:
    alarm = resource(Kind.ALARM, "errors", last_use=LastUse())
    going = resource(Kind.FUNCTION, "omnix-old", references=[named_by(alarm)])
    staying = resource(Kind.FUNCTION, "omnix-api", references=[named_by(alarm)], last_use=BUSY)
    found = judged(alarm, going, staying)
    assert found["errors"].verdict is Verdict.KEEP
    assert found["omnix-old"].verdict is Verdict.UNKNOWN


def test_a_rule_that_also_calls_something_that_is_not_inventoried_stays() -> None:
    function = resource(Kind.FUNCTION, "omnix-old")
    targets = {"1": function.arn, "2": f"arn:aws:sqs:{REGION}:100000000001:queue"}
    rule = resource(Kind.EVENT_RULE, "default/nightly", facts={"State": "ENABLED", "Targets": targets}, last_use=BUSY)
    found = judged(rule, function.model_copy(update={"references": [named_by(rule, "target 1")]}))
    assert found["default/nightly"].verdict is Verdict.KEEP
    assert found["omnix-old"].verdict is Verdict.UNKNOWN


def test_logs_go_with_their_function_and_orphans_go_when_idle() -> None:
    found = judged(
        resource(Kind.FUNCTION, "omnix-old"),
        resource(Kind.FUNCTION, "omnix-api", last_use=BUSY),
        *(resource(Kind.LOG_GROUP, f"/aws/lambda/{name}") for name in ("omnix-old", "omnix-api", "omnix-gone")),
        resource(Kind.LOG_GROUP, "/aws/lambda/omnix-just-gone", last_use=BUSY),
    )
    assert found["/aws/lambda/omnix-old"].verdict is Verdict.REMOVE
    assert found["/aws/lambda/omnix-api"].verdict is Verdict.KEEP
    assert found["/aws/lambda/omnix-gone"].verdict is Verdict.REMOVE
    assert found["/aws/lambda/omnix-just-gone"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "operation", ["ListFunctions", "GetResources", "ListRules", "GetParametersByPath", "DescribeStacks"]
)
def test_nothing_goes_where_those_who_might_use_or_own_it_could_not_be_asked(operation: str) -> None:
    unread = Unread(service="x", operation=operation, region=REGION, code="AccessDenied", message="no")
    elsewhere = unread.model_copy(update={"region": "eu-west-1"})
    assert judged(table("tmp", 0), errors=(unread,))["tmp"].verdict is Verdict.UNKNOWN
    assert judged(table("tmp", 0), errors=(elsewhere,))["tmp"].verdict is Verdict.REMOVE


def test_a_global_resource_may_be_used_from_every_region() -> None:
    unread = Unread(service="lambda", operation="ListFunctions", region="eu-west-1", code="AccessDenied", message="no")
    assert judged(resource(Kind.ROLE, "old"), errors=(unread,))["old"].verdict is Verdict.UNKNOWN


def test_what_could_not_be_read_whole_is_unknown_whoever_owns_it() -> None:
    one = table("tmp", 0, incomplete=["dynamodb:DescribeTable was not answered: AccessDenied"])
    assert judged(one)["tmp"].verdict is Verdict.UNKNOWN


def test_a_function_whose_variables_were_refused_hides_what_it_uses() -> None:
    shy = resource(Kind.FUNCTION, "f", incomplete=["its environment was not answered: AccessDenied"])
    assert judged(shy, table("tmp", 0))["tmp"].verdict is Verdict.UNKNOWN


def test_an_unowned_table_of_a_standard_name_is_adopted() -> None:
    one = judged(table("omnix-ai-dev-orders"))["omnix-ai-dev-orders"]
    assert one.verdict is Verdict.ADOPT
    assert "adopt" in one.step


def test_data_that_nobody_uses_and_nothing_explains_is_never_removed() -> None:
    assert judged(table("loyalty", 7_000))["loyalty"].verdict is Verdict.UNKNOWN


def test_an_unknown_number_of_items_is_not_an_empty_table() -> None:
    assert judged(table("loyalty", None))["loyalty"].verdict is Verdict.UNKNOWN


def test_a_plain_table_that_a_function_of_the_project_uses_is_the_projects() -> None:
    user = resource(Kind.FUNCTION, "omnix-api", last_use=BUSY)
    assert judged(user, table("orders", references=[named_by(user)]))["orders"].verdict is Verdict.MIGRATE
    assert judged(table("orders"))["orders"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("written", "verdict"),
    [(None, Verdict.REMOVE), (-2, Verdict.REMOVE), (0, Verdict.UNKNOWN), (2, Verdict.UNKNOWN)],
)
def test_a_migrated_table_goes_only_when_nothing_was_written_on_the_day_of_its_verification_or_later(
    written: int | None, verdict: Verdict
) -> None:
    done = NOW - timedelta(days=5)
    when = None if written is None else done + timedelta(days=written)
    use = LastUse(at=NOW, read_at=NOW, written_at=when)
    one = table("omnix-orders", last_use=use)
    assert judged(one, migrated={one.arn: done})["omnix-orders"].verdict is verdict


def test_only_an_empty_bucket_goes() -> None:
    empty = resource(Kind.BUCKET, "a", measures={"versions": 0})
    full = resource(Kind.BUCKET, "b", measures={"versions": 2}, last_use=LastUse(at=OLD))
    unlisted = resource(Kind.BUCKET, "c", measures={})
    found = judged(empty, full, unlisted)
    assert [found[name].verdict for name in "abc"] == [Verdict.REMOVE, Verdict.UNKNOWN, Verdict.UNKNOWN]


def test_a_role_that_others_may_assume_is_asked_about() -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}]}
    found = judged(
        resource(Kind.ROLE, "partner", facts={"AssumeRolePolicyDocument": trust}),
        resource(Kind.ROLE, "service", facts={"Path": "/aws-service-role/x/"}),
    )
    assert found["partner"].verdict is Verdict.UNKNOWN
    assert any("999999999999" in line for line in found["partner"].evidence)
    assert found["service"].verdict is Verdict.KEEP


def test_a_secret_that_already_waits_for_its_deletion_is_left_to_it() -> None:
    one = resource(Kind.SECRET, "s", facts={"DeletedDate": "2026-11-01T00:00:00+00:00"})
    assert judged(one)["s"].verdict is Verdict.KEEP
