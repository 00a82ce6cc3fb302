"""The report: each role's grants and what became of each granted action."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import datetime  # noqa: TC003 - a field's type, and kept importable for readers of annotations
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# AWS's own policies (`arn:PARTITION:iam::aws:policy/…`): nobody but AWS can narrow them.
_AWS_MANAGED = re.compile(r"^arn:[a-z-]+:iam::aws:policy/")


class Verdict(StrEnum):
    """What became of a granted action. NOT_TRACKED: it may have been used, the source cannot tell."""

    USED = "used"
    UNUSED = "never used"
    NOT_TRACKED = "not tracked"


@dataclass(frozen=True)
class Action:
    """A granted action or pattern (`logs:Create*`). Local clouds count, IAM knows a time (UTC)."""

    name: str
    verdict: Verdict
    count: int | None = None
    last_used: datetime | None = None


@dataclass(frozen=True)
class Grant:
    """One statement of one identity policy; `index` is its place there, from 0. Denying ones grant nothing."""

    policy: str
    sid: str | None
    index: int
    effect: str
    actions: tuple[Action, ...]

    @property
    def label(self) -> str:
        """Policy and statement as a person looks for them."""
        return f"{self.policy} / {self.sid or f'#{self.index}'}"

    @property
    def managed(self) -> bool:
        """True for a policy of AWS's own."""
        return bool(_AWS_MANAGED.match(self.policy))

    @property
    def ours(self) -> bool:
        """True when this grants something and we could narrow it."""
        return self.effect == "Allow" and not self.managed

    @property
    def superfluous(self) -> bool:
        """True when not one of its actions was ever used."""
        return self.ours and all(action.verdict is Verdict.UNUSED for action in self.actions)

    def only(self, verdict: Verdict) -> Grant:
        """The same statement with the actions of one verdict."""
        return replace(self, actions=tuple(action for action in self.actions if action.verdict is verdict))


@dataclass(frozen=True)
class Denial:
    """Calls that were refused, by action, resource and reason."""

    action: str
    resource: str
    reason: str
    count: int


@dataclass(frozen=True)
class Role:
    """One role; `functions` run under it, none when a service does. `account_id` is None when it is not known."""

    name: str
    account_id: str | None
    functions: tuple[str, ...]
    grants: tuple[Grant, ...]
    denied: tuple[Denial, ...] = ()


@dataclass(frozen=True)
class Totals:
    """Counts over our own granting statements; `denied` counts calls."""

    roles: int
    statements: int
    superfluous: int
    actions: int
    used: int
    unused: int
    not_tracked: int
    denied: int


@dataclass(frozen=True)
class Report:
    """`source` is where it comes from, in words; `notes` what a reader must know to judge by it."""

    source: str
    roles: tuple[Role, ...]
    notes: tuple[str, ...] = ()

    @property
    def totals(self) -> Totals:
        """The sums over all roles."""
        grants = [grant for _, grant in self._ours()]
        verdicts = Counter(action.verdict for grant in grants for action in grant.actions)
        return Totals(
            roles=len(self.roles),
            statements=len(grants),
            superfluous=sum(grant.superfluous for grant in grants),
            actions=verdicts.total(),
            used=verdicts[Verdict.USED],
            unused=verdicts[Verdict.UNUSED],
            not_tracked=verdicts[Verdict.NOT_TRACKED],
            denied=sum(denial.count for role in self.roles for denial in role.denied),
        )

    def _ours(self) -> Iterator[tuple[Role, Grant]]:
        return ((role, grant) for role in self.roles for grant in role.grants if grant.ours)

    def unused_only(self) -> Report:
        """Only what is granted and never used, and what was denied; a role with neither is left out."""
        roles = []
        for role in self.roles:
            grants = tuple(one for grant in role.grants if grant.ours and (one := grant.only(Verdict.UNUSED)).actions)
            if grants or role.denied:
                roles.append(replace(role, grants=grants))
        return replace(self, roles=tuple(roles))

    def document(self, totals: Totals | None = None) -> dict[str, Any]:
        """The machine's form; `totals` are those of the whole when this is a part."""
        return {
            "source": self.source,
            "notes": list(self.notes),
            "totals": asdict(totals or self.totals),
            "roles": [_role(role) for role in self.roles],
        }


def _role(role: Role) -> dict[str, Any]:
    grants = [asdict(grant) | {"aws_managed": grant.managed} for grant in role.grants]
    for grant in grants:
        for action in grant["actions"]:
            action["last_used"] = action["last_used"] and action["last_used"].isoformat()
    return {**asdict(role), "grants": grants}


def matches(pattern: str, action: str) -> bool:
    """IAM's matching of action names: `*` and `?`, no matter the case."""
    # fnmatch alone would take "[" for a set; IAM would not.
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))
