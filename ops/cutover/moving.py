"""One move of tables: what it changes, what stands in its way, and carrying it out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from components.data.tables import TABLES
from omnix.parameters import TTL_SECONDS
from omnix.table_names import TableNames
from ops.cutover.fitness import lacking
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ops.cutover.parameter import Parameter, Version
    from ops.stack import FunctionOutput, StackOutputs

# Every process has read the parameter by then: its cache, and a slow answer on top.
LEAD_SECONDS = TTL_SECONDS + 15
PAUSE_SECONDS = 5


@dataclass(frozen=True)
class Change:
    """One table's move from the physical table that serves now to another."""

    logical: str
    before: str
    after: str


@dataclass(frozen=True)
class Move:
    """What is to be written over which version, and everything that speaks against it."""

    over: Version
    changes: tuple[Change, ...]
    obstacles: tuple[str, ...] = ()

    def names(self, moment: float, pause: int) -> TableNames:
        """The parameter's value for a move at `moment` (epoch seconds)."""
        wanted = {change.logical: change.after for change in self.changes}
        before = {change.logical: change.before for change in self.changes}
        serving = {name: self.over.names.physical(name, moment) for name in self.over.names.tables}
        return TableNames({**serving, **wanted}, before, moment, pause)

    def reversed(self, over: Version) -> Move:
        """The way back from `over`, which this move wrote."""
        return Move(over, tuple(Change(one.logical, one.after, one.before) for one in self.changes))


@dataclass(frozen=True)
class Site:
    """What a move looks at: the stack's outputs, boto3's clients, and the clock (epoch seconds)."""

    outputs: StackOutputs
    client: Callable[[str], Any]
    now: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)


def planned(site: Site, over: Version, wanted: Mapping[str, str], proven: set[str], unverified: set[str]) -> Move:
    """The move to `wanted` (physical names by logical name) with its obstacles.

    `proven`: tables that a verified migration filled; `unverified`: tables that the operator named to do without.
    """
    now = site.now()
    unknown = sorted(wanted.keys() - over.names.tables.keys())
    if unknown:
        raise Refused(f"the platform has no table {', '.join(unknown)}", f"one of {', '.join(sorted(TABLES))}")
    changes = tuple(
        Change(logical, over.names.physical(logical, now), physical)
        for logical, physical in sorted(wanted.items())
        if over.names.physical(logical, now) != physical
    )
    if not changes:
        raise Refused("these tables serve already", "see `omnix cutover show`")
    found = [*_in_motion(over, now), *_deployments(site)]
    for change in changes:
        found += [f"{change.logical} → {change.after}: {said}" for said in _unfit(site, change)]
        if change.after not in proven | unverified:
            found.append(
                f"{change.logical} → {change.after}: no verified migration filled it; give its run (`--run DIR`), or "
                f"`--unverified {change.after}`"
            )
    return Move(over, changes, tuple(found))


def carried_out(
    site: Site, parameter: Parameter, move: Move, pause: int, each: Callable[[str, float], None]
) -> Version:
    """Write the move and wait until every function serves from the new tables. `each` hears what is waited for."""
    moment = float(math.ceil(site.now() + LEAD_SECONDS + pause))
    written = parameter.move(move.over, move.names(moment, pause))
    while (left := moment - site.now()) > 0:
        each("writes pause" if left <= pause else "functions read the names", left)
        site.sleep(min(1.0, left))
    return written


@dataclass(frozen=True)
class Outcome:
    """When tables moved (epoch seconds), what got worse afterwards, and whether they were moved back for it."""

    moved_at: float
    worse: list[str]
    reverted: bool


def followed(
    site: Site,
    parameter: Parameter,
    move: Move,
    watch: Callable[[float], list[str]],
    *,
    pause: int,
    auto_revert: bool,
    each: Callable[[str, float], None],
) -> Outcome:
    """Carry the move out and watch. `watch` is told the moment and says what got worse since then.

    The way back takes as long as the way there: functions that changed tables one by one would write into both.
    """
    written = carried_out(site, parameter, move, pause, each)
    worse = watch(written.names.moved_at)
    if worse and auto_revert:
        carried_out(site, parameter, move.reversed(written), pause, each)
    return Outcome(written.names.moved_at, worse, bool(worse) and auto_revert)


def back(site: Site, history: list[Version]) -> Move:
    """The move to what served before. Only what makes it impossible stands in its way: it is made in an emergency."""
    over, now = history[-1], site.now()
    moving = tuple(_in_motion(over, now))
    if moving:
        return Move(over, (), moving)
    wanted = to_before(over, history, now)
    serving = {name: over.names.physical(name, now) for name in wanted}
    changes = tuple(
        Change(name, serving[name], wanted[name]) for name in sorted(wanted) if serving[name] != wanted[name]
    )
    return Move(
        over, changes, tuple(f"{one.logical} → {one.after}: {said}" for one in changes for said in _closed(site, one))
    )


def to_before(over: Version, history: list[Version], now: float) -> dict[str, str]:
    """Physical names by logical name of what served before the last move that Parameter Store remembers."""
    serving = {name: over.names.physical(name, now) for name in over.names.tables}
    if over.names.before and now >= over.names.moved_at:
        return {**serving, **over.names.before}
    for version in reversed(history[:-1]):
        earlier = {name: version.names.physical(name, now) for name in version.names.tables}
        if earlier != serving and earlier.keys() == serving.keys():
            return earlier
    raise Refused("nothing was moved that could be moved back", "see `omnix cutover show`")


def _in_motion(over: Version, now: float) -> Iterator[str]:
    if over.names.before and now < over.names.moved_at:
        yield f"another move takes place in {over.names.moved_at - now:.0f} s (version {over.number}, {over.by})"


def _deployments(site: Site) -> Iterator[str]:
    """Functions of the release before read other parameters: all of them must be of this one, and none be shifting."""
    client = site.client("lambda")
    for logical, function in sorted(site.outputs.functions.items()):
        if said := _shifting(client, function):
            yield f"function {logical}: {said}"


def _shifting(client: Any, function: FunctionOutput) -> str | None:
    alias = client.get_alias(FunctionName=function.name, Name=function.alias_arn.rpartition(":")[2])
    if (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        return "a deployment shifts its traffic; wait until it is done"
    serving = client.get_function_configuration(FunctionName=function.name, Qualifier=alias["FunctionVersion"])
    newest = client.get_function_configuration(FunctionName=function.name)
    if serving["CodeSha256"] != newest["CodeSha256"]:
        return "its alias is not at the code that was deployed last; deploy it to the end"
    return None


def _closed(site: Site, change: Change) -> Iterator[str]:
    usable = {site.outputs.tables.get(change.logical), site.outputs.legacy_tables.get(change.logical)}
    if change.after not in usable:
        yield f"functions may not use it; add it to `legacyTables` (name: {change.after}) and run `up`"


def _unfit(site: Site, change: Change) -> Iterator[str]:
    yield from _closed(site, change)
    try:
        yield from lacking(site.client("dynamodb"), change.logical, change.after, site.outputs.key_arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ResourceNotFoundException", "TableNotFoundException"}:
            raise
        yield "there is no such table in this account and region"
