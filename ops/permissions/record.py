"""The local cloud's usage record: its shape, the sum of many, and the report of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from ops.permissions.model import Action, Denial, Grant, Role, Verdict, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ENVIRONMENT = re.compile(r"-(?:dev|staging|prod)-")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StatementUsage(_Record):
    """One statement and how often each action was decided by it. `actions` are NotAction's where it has that."""

    policy: str
    sid: str | None
    index: NonNegativeInt
    effect: str
    actions: tuple[str, ...]
    used: dict[str, PositiveInt]


class Denied(_Record):
    """Refused calls of one kind."""

    action: str
    resource: str
    reason: str
    count: PositiveInt


class RoleUsage(_Record):
    """One role: its statements, what it was refused, the functions under it."""

    statements: tuple[StatementUsage, ...]
    denied: tuple[Denied, ...]
    functions: tuple[str, ...]


class UsageRecord(_Record):
    """What one cloud counted (`GET /_localcloud/iam/usage`), by role name."""

    roles: dict[str, RoleUsage]


class RoleKey(NamedTuple):
    """A role of one account; the account is None where the record does not say."""

    account_id: str | None
    role: str


def total(records: Iterable[tuple[str | None, UsageRecord]]) -> dict[RoleKey, RoleUsage]:
    """Records of many clouds as one, by account and role; the order of the records makes no difference."""
    gathered: dict[RoleKey, list[RoleUsage]] = {}
    for account_id, record in records:
        for name, usage in record.roles.items():
            gathered.setdefault(RoleKey(account_id, name), []).append(usage)
    return {key: _summed(gathered[key]) for key in sorted(gathered, key=lambda key: (key.role, key.account_id or ""))}


def across_environments(roles: Mapping[RoleKey, RoleUsage]) -> dict[RoleKey, RoleUsage]:
    """The same role of every environment as one (`omnix-ai-*-auth-…`): the three run one program."""
    return total(
        (None, UsageRecord(roles={_anywhere(key.role): _placed(usage)}))
        for key, usage in sorted(roles.items(), key=str)
    )


def _anywhere(name: str) -> str:
    return _ENVIRONMENT.sub("-*-", name, count=1)


def _placed(usage: RoleUsage) -> RoleUsage:
    return usage.model_copy(update={"functions": tuple(_anywhere(name) for name in usage.functions)})


type _Statement = tuple[str, str, str, tuple[str, ...], int]


def _summed(usages: Iterable[RoleUsage]) -> RoleUsage:
    """Statements are the same by policy, sid, effect and actions; equal ones of a policy by their order.

    Not by index: a statement added before it in one cloud does not make it another one.
    """
    first: dict[_Statement, StatementUsage] = {}
    used: dict[_Statement, Counter[str]] = {}
    denied: Counter[tuple[str, str, str]] = Counter()
    functions: set[str] = set()
    for usage in usages:
        seen: Counter[tuple[str, str, str, tuple[str, ...]]] = Counter()
        for row in sorted(usage.statements, key=lambda row: (row.policy, row.index)):
            plain = (row.policy, row.sid or "", row.effect, row.actions)
            key = (*plain, seen[plain])
            seen[plain] += 1
            known = first.setdefault(key, row)
            first[key] = known if known.index <= row.index else row
            used.setdefault(key, Counter()).update(row.used)
        denied.update({(one.action, one.resource, one.reason): one.count for one in usage.denied})
        functions.update(usage.functions)
    rows = (row.model_copy(update={"used": dict(sorted(used[key].items()))}) for key, row in sorted(first.items()))
    return RoleUsage(
        statements=tuple(sorted(rows, key=lambda row: (row.policy, row.index))),
        denied=tuple(
            Denied(action=action, resource=resource, reason=reason, count=count)
            for (action, resource, reason), count in sorted(denied.items())
        ),
        functions=tuple(sorted(functions)),
    )


def judged(roles: Mapping[RoleKey, RoleUsage]) -> tuple[Role, ...]:
    """The report's roles: those with functions first, by function."""
    found = [
        Role(
            name=key.role,
            account_id=key.account_id,
            functions=usage.functions,
            grants=tuple(_grant(row) for row in usage.statements),
            denied=tuple(Denial(one.action, one.resource, one.reason, one.count) for one in usage.denied),
        )
        for key, usage in roles.items()
    ]
    return tuple(sorted(found, key=lambda role: (not role.functions, role.functions, role.name)))


def _grant(row: StatementUsage) -> Grant:
    if any(not any(matches(pattern, action) for pattern in row.actions) for action in row.used):
        # It decided on an action that it does not list: a NotAction, all but those.
        actions: tuple[Action, ...] = (
            Action(f"all but {', '.join(row.actions)}", Verdict.USED, sum(row.used.values())),
        )
    else:
        actions = tuple(_action(pattern, row.used) for pattern in row.actions)
    return Grant(row.policy, row.sid, row.index, row.effect, actions)


def _action(pattern: str, used: Mapping[str, int]) -> Action:
    count = sum(times for action, times in used.items() if matches(pattern, action))
    return Action(pattern, Verdict.USED if count else Verdict.UNUSED, count)
