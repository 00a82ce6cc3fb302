"""The audit as one page: its own style and script inside, nothing fetched, light and dark, sortable, printable."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ops.audit.model import Audit, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_HERE = Path(__file__).parent
# What needs a decision comes first.
_ORDER = (Verdict.REMOVE, Verdict.MIGRATE, Verdict.ADOPT, Verdict.UNKNOWN, Verdict.KEEP)
# So many regions are named; of more, the number.
_NAMED_REGIONS = 4


def page(audit: Audit) -> str:
    """A whole HTML document. Names and evidence are escaped; the policy lets only our own script run."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    order = {verdict: place for place, verdict in enumerate(_ORDER)}
    text = environment.get_template("page.html.j2").render(
        audit=audit,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        regions=_regions(audit.regions),
        tiles=[_tile(verdict, audit.of(verdict)) for verdict in _ORDER],
        verdicts=_ORDER,
        kinds=kinds(audit),
        gaps=gaps(audit),
        findings=sorted(audit.findings, key=lambda one: (order[one.verdict], one.resource.kind, one.resource.name)),
        order=order,
        day=_day,
        stamp=_stamp,
        money=money,
        coded=_coded,
    )
    return text + "\n"


def _regions(regions: Sequence[str]) -> str:
    return ", ".join(regions) if len(regions) <= _NAMED_REGIONS else f"{len(regions)} regions"


def cost(findings: Sequence[Finding]) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = [one.resource.monthly_cost_usd for one in findings if one.resource.monthly_cost_usd is not None]
    return sum(known) if known else None


def _tile(verdict: Verdict, findings: Sequence[Finding]) -> dict[str, Any]:
    return {"verdict": verdict, "count": len(findings), "cost": cost(findings)}


def kinds(audit: Audit) -> list[dict[str, Any]]:
    """A row a kind: how many of each verdict (in the page's order), how many in all, and what they cost."""
    rows = []
    for kind in sorted({one.resource.kind for one in audit.findings}):
        findings = [one for one in audit.findings if one.resource.kind is kind]
        counts = Counter(one.verdict for one in findings)
        rows.append(
            {
                "kind": kind,
                "counts": [counts[verdict] for verdict in _ORDER],
                "total": len(findings),
                "cost": cost(findings) or 0.0,
            }
        )
    return rows


def gaps(audit: Audit) -> list[dict[str, Any]]:
    """What was not answered, each kind of refusal once."""
    groups: dict[tuple[str, str, str], list[Any]] = {}
    for error in audit.errors:
        groups.setdefault((f"{error.service}:{error.operation}", error.region, error.code), []).append(error)
    return [
        {
            "what": what, "where": where, "code": code, "count": len(errors), "message": errors[0].message,
            "kinds": "every kind" if len(errors[0].kinds) > 10 else ", ".join(errors[0].kinds),  # noqa: PLR2004
        }
        for (what, where, code), errors in sorted(groups.items())
    ]  # fmt: skip


def _coded(text: str) -> Markup:
    """Escaped, with what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def _day(when: datetime) -> str:
    return when.strftime("%Y-%m-%d")


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")


def money(usd: float | None) -> str:
    """Dollars with cents; nothing where nothing is known, and no zero that is not one."""
    if usd is None:
        return "n/a"
    return "< $0.01" if 0 < usd < 0.01 else f"${usd:,.2f}"  # noqa: PLR2004 - a cent
