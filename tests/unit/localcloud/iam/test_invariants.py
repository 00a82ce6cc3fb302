"""What holds of every set of policies, and wildcards against a reference that does nothing clever."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from localcloud.iam import patterns
from localcloud.iam.evaluate import Policies, Trust
from localcloud.iam.request import Principal, Request
from tests.unit.localcloud.iam.asking import ACCOUNT, ROLE, SERVICE, SESSION, SESSION_ARN, TABLE, USER, decide, policy

ACTIONS = st.sampled_from(["*", "dynamodb:*", "dynamodb:GetItem", "dynamodb:Put*", "s3:*"])
ON = st.sampled_from(["*", TABLE, f"{TABLE}/*", "arn:aws:s3:::data/${aws:username}"])
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:username": "anna"}},
        {"StringNotEqualsIfExists": {"aws:username": "anna"}},
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "a*"}},
        {"Null": {"aws:username": "true"}},
    ]
)
NAMES = st.sampled_from(
    ["*", {"AWS": ACCOUNT}, {"AWS": ROLE}, {"AWS": [SESSION_ARN, USER.arn]}, {"Service": SERVICE.arn}]
)
TRUSTS = st.sampled_from(list[Trust](["identity-or-resource", "resource-only", "both"]))
CALLERS = st.sampled_from([SESSION, USER, SERVICE])


@st.composite
def statements(
    draw: st.DrawFn, *, named: bool, effects: tuple[str, ...] = ("Allow", "Allow", "Deny")
) -> dict[str, Any]:
    action, resource = (
        draw(st.sampled_from(["Action", "NotAction"])),
        draw(st.sampled_from(["Resource", "NotResource"])),
    )
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(effects)), action: draw(ACTIONS), resource: draw(ON)}
    if named:
        statement["Principal"] = draw(NAMES)
    return statement | {"Condition": draw(CONDITIONS)}


def _several(*, named: bool, least: int = 0) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(statements(named=named), min_size=least, max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    caller: Principal = draw(CALLERS)
    action = draw(st.sampled_from(["dynamodb:GetItem", "dynamodb:PutItem", "s3:GetObject"]))
    context = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "aws:username": st.sampled_from([("anna",), ("ben",)]),
                "dynamodb:leadingkeys": st.sampled_from([("a1",), ("a1", "b1"), ()]),
            },
        )
    )
    return Request(caller, action, draw(st.sampled_from([TABLE, "arn:aws:s3:::data/anna", "*"])), context)


@st.composite
def layers(draw: st.DrawFn) -> dict[str, list[dict[str, Any]] | None]:
    """Statements for each kind of policy; None for a boundary, session or resource without one."""
    return {
        "identity": draw(_several(named=False)),
        "boundary": draw(st.none() | _several(named=False, least=1)),
        "session": draw(st.none() | _several(named=False, least=1)),
        "resource": draw(st.none() | _several(named=True, least=1)),
    }


def _allowed(asked: Request, said: dict[str, list[dict[str, Any]] | None], trust: Trust) -> bool:
    read = {kind: policy(*listed) for kind, listed in said.items() if listed}
    policies = Policies(
        identity=(read["identity"],) if "identity" in read else (),
        boundary=read.get("boundary"),
        session=(read["session"],) if "session" in read else (),
        resource=read.get("resource"),
    )
    return decide(asked, policies, trust).allowed


KINDS = st.sampled_from(["identity", "boundary", "session", "resource"])


def _with(said: dict[str, Any], kind: str, statement: dict[str, Any]) -> dict[str, Any]:
    return {**said, kind: [*(said[kind] or []), statement]}


@given(requests(), layers(), TRUSTS, KINDS)
def test_a_deny_of_everything_in_any_policy_denies(asked, said, trust, kind):
    refusal = {"Effect": "Deny", "Action": "*", "Resource": "*"} | ({"Principal": "*"} if kind == "resource" else {})
    assert not _allowed(asked, _with(said, kind, refusal), trust)


@given(requests(), layers(), TRUSTS, KINDS, st.data())
def test_another_allow_in_a_policy_that_applies_never_takes_access_away(asked, said, trust, kind, data):
    if said[kind] is None:  # a first boundary or session policy is a limit
        kind = "identity"
    more = data.draw(statements(named=kind == "resource", effects=("Allow",)))
    assert _allowed(asked, _with(said, kind, more), trust) >= _allowed(asked, said, trust)


@given(requests(), layers(), TRUSTS, KINDS, st.data())
def test_another_deny_never_gives_access(asked, said, trust, kind, data):
    more = data.draw(statements(named=kind == "resource", effects=("Deny",)))
    assert _allowed(asked, _with(said, kind, more), trust) <= _allowed(asked, said, trust)


@given(requests(), st.lists(statements(named=False, effects=("Allow",)), min_size=1, max_size=4), st.data())
def test_taking_a_statement_from_a_policy_of_allows_never_gives_access(asked, allows, data):
    index = data.draw(st.integers(0, len(allows) - 1))
    fewer = allows[:index] + allows[index + 1 :]
    before = _allowed(asked, {"identity": allows}, "identity-or-resource")
    assert _allowed(asked, {"identity": fewer}, "identity-or-resource") <= before


@given(requests(), layers(), TRUSTS)
def test_a_decision_depends_on_no_order_of_statements(asked, said, trust):
    turned = {kind: listed and listed[::-1] for kind, listed in said.items()}
    assert _allowed(asked, said, trust) == _allowed(asked, turned, trust)


@given(requests(), layers(), TRUSTS)
def test_what_only_the_resources_policy_may_grant_is_never_more_than_what_either_may(asked, said, trust):
    assert _allowed(asked, said, "resource-only") <= _allowed(asked, said, "identity-or-resource")
    assert _allowed(asked, said, "both") <= _allowed(asked, said, trust)


def _fits(pattern: str, value: str) -> bool:
    """`*` and `?` by their definition."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return any(_fits(pattern[1:], value[index:]) for index in range(len(value) + 1))
    return bool(value) and pattern[0] in {"?", value[0]} and _fits(pattern[1:], value[1:])


TEXT = st.text("ab:/.\n[*?", max_size=7)


@given(st.text("ab:/.\n[*?", max_size=6), TEXT)
def test_text_wildcards_match_as_the_reference_does(pattern, value):
    assert patterns.compiled(patterns.read(pattern, variables=False), "text")(value) == _fits(pattern, value)


SEGMENT = st.text("ab*?/", max_size=3)


@given(st.lists(SEGMENT, min_size=6, max_size=7), st.lists(st.text("ab/", max_size=2), min_size=6, max_size=8))
def test_an_arn_operator_matches_each_of_six_components_on_its_own(wanted, given_):
    pattern, value = ":".join(wanted), ":".join(given_)
    expected = all(map(_fits, pattern.split(":", 5), value.split(":", 5)))
    assert patterns.compiled(patterns.read(pattern, variables=False), "arn")(value) == expected


@given(st.lists(SEGMENT, min_size=6, max_size=7), st.lists(st.text("ab/", max_size=2), min_size=6, max_size=8))
def test_a_resource_matches_at_least_its_segments_and_at_most_its_text(wanted, given_):
    pattern, value = ":".join(wanted), ":".join(given_)
    matched = patterns.compiled(patterns.read(pattern, variables=False), "resource")(value)
    by_segment = all(map(_fits, pattern.split(":", 5), value.split(":", 5)))
    assert by_segment <= matched <= _fits(pattern, value)


@given(st.text("ab*?$", min_size=1, max_size=5))
def test_whatever_a_tag_holds_a_variable_matches_it_and_nothing_else(tag):
    parts = patterns.read("x/${aws:PrincipalTag/team}", variables=True)
    resolved = patterns.resolve(parts, {"aws:principaltag/team": (tag,)})
    assert resolved is not None
    matches = patterns.compiled(resolved, "text")
    assert matches(f"x/{tag}")
    assert not matches(f"x/{tag}a")
    assert not matches("x/")
