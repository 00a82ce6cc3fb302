"""Many clouds' records summed up, and what is said of each grant."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from localcloud.enforcement.usage import Usage
from localcloud.iam.policy import parse
from ops.permissions.model import Grant, Verdict, matches
from ops.permissions.record import RoleKey, UsageRecord, across_environments, judged, total
from tests.unit.ops.permissions.records import record, statement

ACCOUNT = "100000000001"
ROLE = "omnix-ai-dev-auth-eu-central-1"


def parsed(document: dict[str, Any]) -> UsageRecord:
    return UsageRecord.model_validate(document)


def grants_of(*documents: dict[str, Any]) -> tuple[Grant, ...]:
    return judged(total((ACCOUNT, parsed(one)) for one in documents))[0].grants


def uses(*documents: dict[str, Any]) -> dict[str, tuple[Verdict, int | None]]:
    return {
        f"{grant.label} {action.name}": (action.verdict, action.count)
        for grant in grants_of(*documents)
        for action in grant.actions
    }


def test_what_one_cloud_used_and_another_did_not_is_used() -> None:
    one = record(ROLE, statement("users", "Items", {"dynamodb:GetItem": 2}, "dynamodb:PutItem"))
    other = record(ROLE, statement("users", "Items", {"dynamodb:PutItem": 3}, "dynamodb:GetItem", "dynamodb:PutItem"))

    assert uses(one, other) == {
        "users / Items dynamodb:GetItem": (Verdict.USED, 2),
        "users / Items dynamodb:PutItem": (Verdict.USED, 3),
    }


def test_an_action_that_no_cloud_used_is_never_used() -> None:
    one = record(ROLE, statement("users", "Items", {}, "dynamodb:Query"))

    assert uses(one, one) == {"users / Items dynamodb:Query": (Verdict.UNUSED, 0)}


def test_a_statement_that_moved_down_in_one_cloud_is_still_the_same_one() -> None:
    before = record(ROLE, statement("users", "Key", {"kms:Decrypt": 1}))
    after = record(
        ROLE,
        statement("users", "New", {}, "dynamodb:Query"),
        statement("users", "Key", {"kms:Decrypt": 1}, index=1),
    )

    assert uses(before, after)["users / Key kms:Decrypt"] == (Verdict.USED, 2)
    assert len(grants_of(before, after)) == 2


def test_two_statements_without_a_sid_and_with_equal_actions_stay_two() -> None:
    document = record(
        ROLE,
        statement("users", None, {"kms:Decrypt": 5}),
        statement("users", None, {}, "kms:Decrypt", index=1),
    )

    assert uses(document, document) == {
        "users / #0 kms:Decrypt": (Verdict.USED, 10),
        "users / #1 kms:Decrypt": (Verdict.UNUSED, 0),
    }


def test_roles_of_one_name_in_two_accounts_are_two_roles() -> None:
    one = parsed(record(ROLE, statement("users", "Items", {}, "dynamodb:Query")))

    assert list(total([("100000000002", one), (ACCOUNT, one)])) == [
        RoleKey(ACCOUNT, ROLE),
        RoleKey("100000000002", ROLE),
    ]


def test_environments_taken_together_are_one_role_and_one_function() -> None:
    dev = parsed(record(ROLE, statement("users", "Items", {"dynamodb:Query": 1}), function="omnix-ai-dev-auth"))
    name = ROLE.replace("dev", "prod")
    prod = parsed(record(name, statement("users", "Items", {}, "dynamodb:Query"), function="omnix-ai-prod-auth"))

    (role,) = judged(across_environments(total([(ACCOUNT, dev), ("100000000003", prod)])))

    assert (role.name, role.functions) == ("omnix-ai-*-auth-eu-central-1", ("omnix-ai-*-auth",))
    assert [action.count for grant in role.grants for action in grant.actions] == [1]


def test_a_wildcard_is_used_by_what_it_matches() -> None:
    row = statement("logs", None, {}, "logs:Create*", "logs:Get*") | {"used": {"logs:CreateLogStream": 4}}

    assert uses(record(ROLE, row)) == {
        "logs / #0 logs:Create*": (Verdict.USED, 4),
        "logs / #0 logs:Get*": (Verdict.UNUSED, 0),
    }


def test_a_statement_that_decided_on_what_it_does_not_list_grants_all_but_its_actions() -> None:
    row = statement("all", None, {}, "iam:*") | {"used": {"s3:GetObject": 2}}

    assert uses(record(ROLE, row)) == {"all / #0 all but iam:*": (Verdict.USED, 2)}


def test_roles_with_functions_come_first() -> None:
    service = parsed(record("a-dev-backup", statement("p", None, {}, "backup:Copy"), function=None))
    function = parsed(record("z-dev-api", statement("p", None, {}, "ssm:GetParameters"), function="api"))

    assert [role.name for role in judged(total([(None, service), (None, function)]))] == ["z-dev-api", "a-dev-backup"]


COUNTS = st.dictionaries(
    st.sampled_from(["dynamodb:GetItem", "dynamodb:PutItem", "kms:Decrypt"]), st.integers(1, 1_000)
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    rows = [
        statement(draw(st.sampled_from("pq")), draw(st.sampled_from([None, "A"])), draw(COUNTS), "s3:Get*", index=index)
        for index in range(draw(st.integers(0, 3)))
    ]
    denied = draw(st.dictionaries(st.sampled_from(["s3:PutObject", "sns:Publish"]), st.integers(1, 9)))
    return record(draw(st.sampled_from(["r-dev-1", "r-prod-1"])), *rows, denied=tuple(denied.items()))


@given(st.lists(records(), max_size=5), st.randoms(use_true_random=False))
def test_a_sum_loses_no_call_and_does_not_depend_on_the_order(documents: list[dict[str, Any]], random: Any) -> None:
    pairs = [(ACCOUNT, parsed(one)) for one in documents]
    shuffled = random.sample(pairs, len(pairs))

    assert total(pairs) == total(shuffled)
    for roles in (total(pairs), across_environments(total(pairs))):
        assert calls(roles.values()) == calls(role for _, one in pairs for role in one.roles.values())


def calls(roles: Any) -> tuple[int, int]:
    kept = list(roles)
    return (
        sum(sum(row.used.values()) for role in kept for row in role.statements),
        sum(denied.count for role in kept for denied in role.denied),
    )


def test_the_local_clouds_own_record_is_understood() -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}],
    }
    usage = Usage()
    usage.learn(ROLE, (parse(document, owner=f"role {ROLE}, policy read-parameters"),))

    assert uses(usage.document({ROLE: ["auth"]})) == {
        "read-parameters / Read ssm:GetParameters": (Verdict.UNUSED, 0),
    }


def test_actions_match_as_iam_matches_them() -> None:
    assert matches("S3:getobject", "s3:GetObject")
    assert matches("s3:Get?bject*", "s3:GetObjectAcl")
    assert not matches("s3:Get", "s3:GetObject")
    assert not matches("s3:[Gg]etObject", "s3:GetObject")
