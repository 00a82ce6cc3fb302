"""What a drill reports, and how it is judged. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

OBJECTIVE_HOURS = 4.0
MOST_KEYS = 20


@dataclass
class Step:
    """One step of a table's recovery. `at`: seconds after the drill began."""

    name: str
    at: float
    seconds: float
    failed: str | None = None


@dataclass
class TableReport:
    """How one table fared. `rpo_seconds`: how old the data is that this road brings back.

    `serves`: whether it served when the drill began; `unjudged`: why the data layer's checks say nothing of its items.
    """

    table: str
    point: str | None = None
    point_at: datetime | None = None
    items: int = 0
    bytes: int = 0
    checksum: str | None = None
    rpo_seconds: float | None = None
    window_lag_seconds: float | None = None
    usable_after_seconds: float | None = None
    steps: list[Step] = field(default_factory=list)
    reapplied: list[str] = field(default_factory=list)
    proven: bool = False
    changed_meanwhile: int = 0
    differing: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    physical: str = ""
    serves: bool | None = None
    unjudged: str | None = None


@dataclass
class DrillReport:
    """A whole drill. `findings` are those of the data layer's own checks over the restored set that serves.

    `unprotected`: physical names by logical name of what serves and is in no backup.
    """

    environment: str
    account_id: str
    region: str
    road: str
    run: str
    started_at: datetime
    ended_at: datetime | None = None
    tables: list[TableReport] = field(default_factory=list)
    items_checked: int = 0
    broken: int = 0
    behind: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    swept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    interrupted: bool = False
    rpo_hours: float = OBJECTIVE_HOURS
    rto_hours: float = OBJECTIVE_HOURS
    problems: list[str] = field(default_factory=list)
    unprotected: dict[str, str] = field(default_factory=dict)

    @property
    def rto_seconds(self) -> float | None:
        """Until the last table could be used; None when one of them never could."""
        times = [one.usable_after_seconds for one in self.tables]
        known = [one for one in times if one is not None]
        return max(known) if known and len(known) == len(times) else None

    @property
    def rpo_seconds(self) -> float | None:
        """The age of the oldest table's data; None when one of them has none."""
        ages = [one.rpo_seconds for one in self.tables]
        known = [one for one in ages if one is not None]
        return max(known) if known and len(known) == len(ages) else None

    def verdicts(self) -> list[str]:
        """Why the drill did not pass; empty when it did."""
        return [f"{table}: {what}" for table, what in self.of_tables()] + self.of_run()

    def of_tables(self) -> list[tuple[str, str]]:
        """What is wrong with single tables: the table's label, and what."""
        found = [(one.table, problem) for one in self.tables for problem in one.problems]
        return found + [(one.table, "not proven") for one in self.tables if not one.proven and not one.problems]

    def of_run(self) -> list[str]:
        """What is wrong with the drill as a whole."""
        found = [*self.problems]
        found += [f"{name} serves as {logical} and is in no backup" for logical, name in self.unprotected.items()]
        if self.broken:
            found.append(f"the data layer's checks found {self.broken} items or relations that are broken")
        found += _missed("RTO", self.rto_seconds, self.rto_hours) + _missed("RPO", self.rpo_seconds, self.rpo_hours)
        found += [f"left behind: {one}" for one in self.left]
        if self.interrupted:
            found.append("interrupted before its end")
        return found

    @property
    def passed(self) -> bool:
        """Whether every table came back whole and in time, and nothing was left behind."""
        return bool(self.tables) and not self.verdicts()

    def document(self) -> dict[str, Any]:
        """As JSON; `date` is what the stack's `backup.drillPassed` names."""
        own = asdict(self)
        judged = {
            "passed": self.passed,
            "verdicts": self.verdicts(),
            "date": self.started_at.date().isoformat(),
            "rto_seconds": self.rto_seconds,
            "rpo_seconds": self.rpo_seconds,
        }
        plain: dict[str, Any] = _plain(own)
        return judged | plain


def _missed(name: str, seconds: float | None, hours: float) -> list[str]:
    if seconds is None:
        return [f"{name} is not known: a table did not come back"]
    if seconds > hours * 3600:
        return [f"{name} of {duration(seconds)} is over its objective of {hours:g} h"]
    return []


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
        case float():
            return round(value, 2)
        case _:
            return value


def duration(seconds: float | None) -> str:
    """A time for people: `0.8 s`, `4 min 10 s`, `3 h 20 min`."""
    if seconds is None:
        return "-"
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def markdown(report: DrillReport) -> str:
    """The report as a page."""
    verdict = "passed" if report.passed else "**did not pass**"
    lines = [
        f"# Disaster recovery drill of {report.environment}, {report.started_at:%Y-%m-%d %H:%M} UTC",
        "",
        f"The drill {verdict}: recovery points of {report.road}, restored in {report.region}.",
        f"Account {report.account_id}, run `{report.run}`.",
        "",
        f"- RTO: {duration(report.rto_seconds)} until the last table could be used (objective {report.rto_hours:g} h)",
        f"- RPO: {duration(report.rpo_seconds)}, the oldest table's data (objective {report.rpo_hours:g} h)",
        f"- Checks of the data layer: {report.items_checked:,} items, {report.broken} broken, {report.behind} behind",
        "",
    ]
    if report.verdicts():
        lines += ["## Why it did not pass", "", *(f"- {one}" for one in report.verdicts()), ""]
    lines += ["## Tables", "", *_table_rows(report), "", *_unjudged_lines(report)]
    lines += ["## Steps", "", *_step_rows(report), ""]
    if report.findings:
        lines += ["## Findings", "", *(_finding_line(one) for one in report.findings[:MOST_KEYS]), ""]
    return "\n".join(lines)


def _table_rows(report: DrillReport) -> list[str]:
    rows = ["| Table | Serves | Items | Data as of (UTC) | RPO | Usable after | Set again | Changed | Differing |"]
    rows.append("|---|---|---:|---|---:|---:|---|---:|---:|")
    for one in report.tables:
        moment = f"{one.point_at:%Y-%m-%d %H:%M:%S}" if one.point_at else "-"
        rows.append(
            f"| {one.table} | {'yes' if one.serves else 'no'} | {one.items:,} | {moment} | {duration(one.rpo_seconds)} "
            f"| {duration(one.usable_after_seconds)} | {', '.join(one.reapplied) or '-'} "
            f"| {one.changed_meanwhile} | {len(one.differing)} |"
        )
    return rows


def _unjudged_lines(report: DrillReport) -> list[str]:
    lines = [f"- {one.table} (`{one.physical}`): {one.unjudged}" for one in report.tables if one.unjudged]
    return ["Proven by their checksums alone:", "", *lines, ""] if lines else []


def _step_rows(report: DrillReport) -> list[str]:
    rows = ["| Table | Step | Began after | Took | Of the RTO | |", "|---|---|---:|---:|---:|---|"]
    for one in report.tables:
        for step in one.steps:
            share = f"{step.seconds / (report.rto_hours * 3600):.2%}"
            rows.append(
                f"| {one.table} | {step.name} | {duration(step.at)} | {duration(step.seconds)} | {share} "
                f"| {step.failed or ''} |"
            )
    return rows


def _finding_line(finding: dict[str, Any]) -> str:
    return f"- {finding['weight']}: {finding['table']}, {finding['rule']}: `{finding['place']}` {finding['detail']}"
