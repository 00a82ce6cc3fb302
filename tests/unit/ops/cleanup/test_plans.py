"""Plans as data: what gets in, in which order, and what makes one void. No account is asked."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.audit.model import Audit, Finding, Kind, LastUse, Reference, Resource, StackOwner, Tool, Verdict
from ops.cleanup import allow_list, consent
from ops.cleanup import plan as plans
from ops.cleanup.allow_list import Allowed
from ops.cleanup.consent import Typed
from ops.cleanup.plan import Plan
from ops.cleanup.planning import Terms, make
from ops.errors import Refused

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TERMS = Terms(valid=timedelta(days=7), waiting=timedelta(days=14))
ACCOUNT = "123456789012"


def arn(kind: Kind, name: str) -> str:
    return f"arn:aws:{kind}:eu-central-1:{ACCOUNT}:{name}"


def resource(kind: Kind, name: str, used_by: tuple[tuple[Kind, str], ...] = (), **more: Any) -> Resource:
    references = [Reference(where=f"{by} {who}", arn=arn(by, who)) for by, who in used_by]
    fields = {"first_seen": NOW - timedelta(days=30), "references": references} | more
    return Resource(kind=kind, arn=arn(kind, name), name=name, region="eu-central-1", account_id=ACCOUNT, **fields)


def audit(*resources: Resource, kept: tuple[Resource, ...] = (), **more: Any) -> Audit:
    findings = [
        Finding(resource=one, verdict=verdict, evidence=["unused"], step="remove it")
        for verdict, group in ((Verdict.REMOVE, resources), (Verdict.KEEP, kept))
        for one in group
    ]
    fields = {
        "account_id": ACCOUNT,
        "alias": "old-shop",
        "regions": ["eu-central-1"],
        "made_at": NOW,
        "window_days": 90,
    }
    return Audit(findings=findings, **(fields | more))


def reasons(plan: Plan, name: str) -> str:
    return "; ".join(next(one for one in plan.left_out if one.name == name).reasons)


def test_what_refers_to_something_goes_before_it_and_front_doors_before_what_is_behind_them() -> None:
    plan = make(
        audit(
            resource(Kind.SECRET, "key"),
            resource(Kind.TABLE, "orders", ((Kind.FUNCTION, "fn"),)),
            resource(Kind.LOG_GROUP, "/aws/lambda/fn"),
            resource(Kind.ROLE, "role", ((Kind.FUNCTION, "fn"),)),
            resource(Kind.FUNCTION, "fn", ((Kind.REST_API, "gw"), (Kind.ALARM, "errors"))),
            resource(Kind.REST_API, "gw", ((Kind.DOMAIN_MAPPING, "d/x"),)),
            resource(Kind.DOMAIN_MAPPING, "d/x"),
            resource(Kind.ALARM, "errors"),
            resource(Kind.BUCKET, "files"),
        ),
        TERMS,
        NOW,
    )
    assert [one.name for one in plan.entries] == [
        "errors", "d/x", "gw", "fn", "role", "/aws/lambda/fn", "orders", "files", "key",
    ]  # fmt: skip
    assert [one.order for one in plan.entries] == list(range(1, 10))


def test_a_reference_wins_over_the_order_of_kinds() -> None:
    plan = make(
        audit(resource(Kind.FUNCTION, "fn", ((Kind.BUCKET, "files"),)), resource(Kind.BUCKET, "files")), TERMS, NOW
    )
    assert [one.name for one in plan.entries] == ["files", "fn"]


def test_a_cyclic_dependency_is_refused_with_its_members() -> None:
    looping = audit(
        resource(Kind.FUNCTION, "a", ((Kind.FUNCTION, "c"),)),
        resource(Kind.FUNCTION, "b", ((Kind.FUNCTION, "a"),)),
        resource(Kind.FUNCTION, "c", ((Kind.FUNCTION, "b"),)),
        resource(Kind.TABLE, "orders"),
    )
    with pytest.raises(Refused, match="cyclic dependency") as refused:
        make(looping, TERMS, NOW)
    assert all(arn(Kind.FUNCTION, name) in refused.value.message for name in "abc")
    assert "orders" not in refused.value.message


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (resource(Kind.TABLE, "t", owner=StackOwner(tool=Tool.CDK, stack="shop")), "the cdk stack shop owns it"),
        (resource(Kind.TABLE, "t", ((Kind.FUNCTION, "kept"),)), "referred to by what stays: function kept"),
        (resource(Kind.TABLE, "t", references=[Reference(where="app.py", line=7)]), "what stays: app.py, line 7"),
        (resource(Kind.TABLE, "t", first_seen=None), "does not say when it was first seen"),
        (resource(Kind.TABLE, "t", first_seen=NOW - timedelta(days=3)), "its waiting period ends 2026-12-01"),
        (resource(Kind.TABLE, "t", incomplete=["no tags"]), "not all of it could be read: no tags"),
        (resource(Kind.TABLE, "payments"), "allow-listed by finance@shop until 2026-12-31: tax"),
    ],
)
def test_what_may_not_go_is_left_out_with_the_reason(one: Resource, said: str) -> None:
    allowed = Allowed(match="pay*", owner="finance@shop", until=date(2026, 12, 31), reason="tax")
    plan = make(audit(one), Terms(TERMS.valid, TERMS.waiting, [allowed]), NOW)
    assert not plan.entries
    assert said in reasons(plan, one.name)


def test_what_only_stays_because_of_something_that_stays_is_left_out_too() -> None:
    chain = audit(
        resource(Kind.TABLE, "orders", ((Kind.FUNCTION, "fn"),)),
        resource(Kind.FUNCTION, "fn", ((Kind.REST_API, "gw"),)),
        resource(Kind.REST_API, "gw", owner=StackOwner(tool=Tool.SERVERLESS, stack="old")),
        resource(Kind.LOG_GROUP, "/aws/lambda/fn"),
        resource(Kind.BUCKET, "files"),
    )
    plan = make(chain, TERMS, NOW)
    assert [one.name for one in plan.entries] == ["files"]
    assert "function fn stays and writes to it" in reasons(plan, "/aws/lambda/fn")


def test_kept_resources_and_unchosen_ones_are_no_part_of_a_plan() -> None:
    plan = make(
        audit(resource(Kind.TABLE, "a"), resource(Kind.TABLE, "b"), kept=(resource(Kind.TABLE, "c"),)),
        Terms(TERMS.valid, TERMS.waiting, only=["b", "c"]),
        NOW,
    )
    assert [one.name for one in plan.entries] == ["b"]
    assert not plan.left_out


def test_an_old_audit_is_no_ground_for_a_plan() -> None:
    with pytest.raises(Refused, match="older than the plan may become"):
        make(audit(resource(Kind.TABLE, "t")), TERMS, NOW + timedelta(days=8))


def test_an_expired_entry_of_the_allow_list_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "allow.yaml"
    rows = [
        "{match: 'a*', owner: ada, until: 2026-11-19, reason: x}",
        "{match: b, owner: b, until: 2026-11-20, reason: y}",
    ]
    file.write_text("".join(f"- {row}\n" for row in rows))
    with pytest.raises(Refused, match=r"expired entries: a\* \(ada, until 2026-11-19\)$"):
        allow_list.read(file, NOW.date())


@pytest.mark.parametrize(
    "text",
    [
        "- {match: a, until: 2027-01-01, reason: x}",
        "- {match: a, owner: ' ', until: 2027-01-01, reason: x}",
        "a: [",
        "3",
    ],
)
def test_an_allow_list_without_owner_or_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "allow.yaml").write_text(text)
    with pytest.raises(Refused):
        allow_list.read(tmp_path / "allow.yaml", NOW.date())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    plans.write(consent.approve(make(audit(resource(Kind.TABLE, "t")), TERMS, NOW), "Ada", NOW), tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_an_approved_plan_is_read_back_as_it_was_written(file: Path) -> None:
    found = plans.read(file)
    approval = consent.require_approved(found)
    assert (approval.by, approval.sha256) == ("Ada", found.sha256)


@pytest.mark.parametrize("change", ["entries", "expires_at", "account_id", "waiting_days"])
def test_any_change_of_a_plan_voids_it(file: Path, change: str) -> None:
    document = json.loads(file.read_text())
    changes = {"expires_at": "2027-11-20T12:00:00Z", "account_id": "210987654321", "waiting_days": 0}
    document[change] = changes.get(change, [document["entries"][0] | {"name": "u"}])
    file.write_text(json.dumps(document))
    with pytest.raises(Refused, match="was altered"):
        plans.read(file)


def test_an_approval_of_other_content_does_not_count(file: Path) -> None:
    found = plans.read(file)
    longer = plans.sealed(found.model_copy(update={"expires_at": NOW + timedelta(days=90)}))
    with pytest.raises(Refused, match="not approved"):
        consent.require_approved(longer)
    with pytest.raises(Refused, match="approved by Ada with other content"):
        consent.require_approved(longer.model_copy(update={"approval": found.approval}))


def test_an_expired_plan_can_neither_be_approved_nor_run(file: Path) -> None:
    with pytest.raises(Refused, match="expired on 2026-11-27"):
        consent.approve(plans.read(file), "Ada", NOW + timedelta(days=7))


@pytest.mark.parametrize("typed", ["", "old-sho", "Old-Shop", "old-shop ", ACCOUNT])
def test_the_alias_must_be_typed_exactly(file: Path, typed: str) -> None:
    with pytest.raises(Refused, match="which is not this account"):
        consent.require_typed(plans.read(file), "old-shop", Typed(typed), ())


def test_a_plan_for_another_alias_is_refused(file: Path) -> None:
    with pytest.raises(Refused, match="alias is new-shop, the plan's is old-shop"):
        consent.require_typed(plans.read(file), "new-shop", Typed("new-shop"), ())


def test_an_account_without_alias_is_named_by_its_id() -> None:
    plan = make(audit(resource(Kind.TABLE, "t"), alias=None), TERMS, NOW)
    consent.require_typed(plan, None, Typed(ACCOUNT), ())
    with pytest.raises(Refused):
        consent.require_typed(plan, None, Typed("old-shop"), ())


@pytest.mark.parametrize(
    ("name", "more", "accounts"),
    [("t", {"environment": "prod"}, ()), ("omnix-ai-prod-t", {}, ()), ("t", {}, (ACCOUNT,))],
)
def test_production_needs_the_second_switch_and_its_name(name: str, more: dict[str, Any], accounts: tuple[str]) -> None:
    plan = make(audit(resource(Kind.TABLE, name), **more), TERMS, NOW)
    for typed in (Typed("old-shop"), Typed("old-shop", prod=True), Typed("old-shop", prod=True, environment="dev")):
        with pytest.raises(Refused, match="production"):
            consent.require_typed(plan, "old-shop", typed, accounts)
    consent.require_typed(plan, "old-shop", Typed("old-shop", prod=True, environment="prod"), accounts)


def test_a_products_table_is_not_production() -> None:
    plan = make(audit(resource(Kind.TABLE, "legacy-products")), TERMS, NOW)
    consent.require_typed(plan, "old-shop", Typed("old-shop"), ())


def test_the_last_use_is_part_of_what_is_approved() -> None:
    used = LastUse(at=NOW - timedelta(days=200), source="metrics")
    first = make(audit(resource(Kind.TABLE, "t", last_use=used)), TERMS, NOW)
    assert first.entries[0].last_use == used
    assert first.sha256 != make(audit(resource(Kind.TABLE, "t")), TERMS, NOW).sha256
