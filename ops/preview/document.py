"""The report as one JSON document: readable by another run, and by scripts."""

from typing import Any

from ops.preview.model import Document
from ops.preview.report import Report


def document(report: Report) -> dict[str, Any]:
    """`format` and `environments` are read back by `ops.preview.reading`; `gate`, `contract` and `cost` are not."""
    return {
        **Document(environments=tuple(report.environments)).model_dump(mode="json"),
        "gate": {
            "open": report.gate.open,
            "refusals": [
                {"rule": r.rule, "environment": r.environment, "subject": r.subject, "text": r.text}
                for r in report.gate.refusals
            ],
            "overridden": [
                {"environment": a.environment, "urn": a.change.urn, "owner": a.override.owner}
                for a in report.gate.allowed
            ],
            "notes": list(report.gate.notes),
        },
        "contract": _contract(report),
        "cost": {name: _cost(report, name) for name in sorted(report.costs)},
    }


def _contract(report: Report) -> dict[str, Any] | None:
    if report.contract is None:
        return None
    return {
        "problem": report.contract.problem,
        "findings": [
            {"breaking": f.breaking, "rule": f.rule, "where": f.where, "what": f.what} for f in report.contract.findings
        ],
    }


def _cost(report: Report, name: str) -> dict[str, Any]:
    cost = report.costs[name]
    return {
        "currency": report.prices.currency,
        "difference": round(cost.difference, 4),
        "components": {c: round(after - before, 4) for c, before, after in cost.by_component()},
        "unpriced": dict(cost.unpriced),
    }
