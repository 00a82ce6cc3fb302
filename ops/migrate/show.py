"""What a run shows: as documents, and as tables for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ops.errors import Refused
from ops.migrate.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from ops.migrate.folder import Folder
    from ops.migrate.preparing import Estimate, Sample

_SHOWN_PROBLEMS = 20


def status_document(folder: Folder) -> dict[str, Any]:
    """How far a run is, from its folder alone."""
    run = folder.load()
    journal = Journal(folder.journal)
    try:
        fates: dict[str, int] = {}
        for one in journal.every_exception():
            fates[one.fate] = fates.get(one.fate, 0) + 1
        return {
            "run": run.id,
            "mapping": run.mapping,
            "mapping_sha256": run.mapping_sha256,
            "targets": run.targets,
            "pass": run.passes,
            "began": run.began,
            "finished": run.finished,
            "segments_left": journal.unfinished(run.passes) if run.finished is None else 0,
            "items": {name: one.items for name, one in run.sources.items()},
            "counts": journal.counts(run.passes),
            "exceptions": dict(sorted(fates.items())),
            "followed": journal.fact("followed"),
            "backups": run.backups,
            "verified": (folder.read_result("verify.json") or {}).get("state"),
        }
    finally:
        journal.close()


def ledger_document(folder: Folder) -> dict[str, Any]:
    """The last verification's ledger, and whether its sums add up. Raises Refused where there is none."""
    run, found = folder.load(), folder.read_result("verify.json")
    if found is None or found["run"] != run.id:
        raise Refused("the run was not verified", "verify it: `omnix migrate verify`")
    sums = {source: sum(counts.values()) for source, counts in found["ledger"].items()}
    return {
        "run": run.id,
        "state": found["state"],
        "at": found["at"],
        "read": found["read"],
        "ledger": found["ledger"],
        "adds_up": all(sums.get(source, 0) == count for source, count in found["read"].items()),
    }


def looked(console: Console, samples: Sequence[Sample], estimate: Estimate | None) -> None:
    """Samples, a few items as they are and as they would be, and the estimate."""
    for sample in samples:
        for one in sample.shown[:1]:
            console.print(f"[bold]{sample.source}[/]")
            console.print("  -", json.dumps(one["from"], ensure_ascii=False), markup=False, soft_wrap=True)
            for item in one["becomes"]:
                text = json.dumps(item["item"], ensure_ascii=False)
                console.print(f"  + {item['table']}", text, markup=False, soft_wrap=True)
        for refused in sample.refused[:3]:
            console.print("  !", "; ".join(refused["reasons"]), markup=False, soft_wrap=True)
    console.print(_fates({one.source: one.fates for one in samples}, "What a sample becomes"))
    if estimate:
        cost = "not known for this region" if estimate.usd is None else f"${estimate.usd:,.2f}"
        console.print(
            f"About {estimate.items:,} items become {estimate.written_items:,}: {estimate.read_units:,.0f} read and "
            f"{estimate.write_units:,.0f} write units, {cost} at list prices, {estimate.seconds:,.0f} s."
        )
        console.print(f"The sources' backups hold {estimate.backup_gb:,.3f} GB, paid for until somebody deletes them.")


def status(console: Console, document: Mapping[str, Any]) -> None:
    """How far it is."""
    left = document["segments_left"]
    console.print(
        f"Run {document['run']} of {document['mapping']}: " + (f"{left} segments left" if left else "finished")
    )
    console.print(_fates(document["counts"], "Acknowledged, as placed"))
    for fate, count in document["exceptions"].items():
        console.print(f"{count} {fate}: see quarantine.ndjson")
    if own := [arn for arn in document["backups"].values() if ":dynamodb:" in arn]:
        console.print("Backups that cost until they are deleted; when nobody needs to go back:")
        for arn in own:
            console.print(f"  aws dynamodb delete-backup --backup-arn {arn}", markup=False, soft_wrap=True)


def ledger(console: Console, document: Mapping[str, Any]) -> None:
    """What became of every item."""
    console.print(_fates(document["ledger"], "Every source item, as verified"))


def verified(console: Console, document: Mapping[str, Any]) -> None:
    """The ledger, the sums, and what is wrong."""
    ledger(console, document)
    table = Table("Target", "Wanted by sources", "Held", "Differing buckets", "Checksum")
    for name, expected in document["expected"].items():
        found = document["found"][name]
        differing = document["differing_buckets"][name]
        table.add_row(name, str(expected["items"]), str(found["items"]), str(differing), found["checksum"][:16])
    console.print(table)
    if any(document["differing_buckets"].values()) and not document["problem_count"]:
        console.print(
            "Verified: the buckets that differ were compared item by item; what is wanted and not held is a duplicate, "
            "superseded or quarantined, as the ledger says."
        )
    for one in document["problems"][:_SHOWN_PROBLEMS]:
        console.print(f"  ! {one['what']} {one['key']}: {one['detail']} ({one['source']})", markup=False)


def _fates(counts: Mapping[str, Mapping[str, int]], title: str) -> Table:
    names = sorted({fate for one in counts.values() for fate in one})
    table = Table("Source", *names, "sum", title=title)
    for source, found in counts.items():
        table.add_row(source, *(str(found.get(name, 0)) for name in names), str(sum(found.values())))
    return table
