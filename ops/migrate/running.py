"""The steps of a run, each of which may be killed at any moment and begun again."""

from __future__ import annotations

import json
import math
import time
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from omnix.migration.mapping import digest, read
from omnix.migration.reading import Legacy
from ops.errors import Refused
from ops.migrate import backing_up
from ops.migrate.engine import assembled
from ops.migrate.folder import Run, private
from ops.migrate.following import GUARD_SECONDS, Following, require_time
from ops.migrate.readers import crowded
from ops.migrate.verifying import Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.migrate.account import Account
    from ops.migrate.engine import Engine, Speed
    from ops.migrate.folder import Folder
    from ops.migrate.following import Followed
    from ops.migrate.preparing import Estimate, Prepared
    from ops.migrate.verifying import Report

_MOST_BITS = 16
_ITEMS_A_BUCKET = 32
VERIFIED, DIFFERS = "verified", "differs"


def begin(
    folder: Folder,
    ready: Prepared,
    source: Account,
    target: Account,
    expected: Estimate,
    *,
    environment: str,
    role_arn: str | None,
    idle: bool,
    follow: bool,
    backups: Sequence[str],
    say: Callable[[str], None],
) -> Run:
    """Back up, take note of the streams, and write down what the run is. Raises Refused; nothing was moved then."""
    _require_streams(ready, expected, follow=follow)
    for warning in crowded(source, ready.sources) if follow else ():
        say(f"Careful: {warning}")
    run = Run(
        id=uuid.uuid4().hex[:12],
        mapping=ready.file.name,
        mapping_sha256=ready.sha256,
        environment=environment,
        account_id=target.account_id,
        region=target.region,
        role_arn=role_arn,
        targets=ready.targets,
        sources=ready.sources,
        idle=idle,
    )
    for account, tables in ((source, list(ready.sources)), (target, list(ready.targets.values()))):
        run.backups |= (
            backing_up.named(account, tables, backups) if backups else backing_up.made(account, tables, run.id, say)
        )
    _position(run, follow=follow)
    folder.create(run, ready.text)
    return run


def _require_streams(ready: Prepared, expected: Estimate, *, follow: bool) -> None:
    if not follow:
        return
    without = [name for name, one in ready.sources.items() if one.stream_arn is None]
    if without:
        raise Refused(
            f"{', '.join(without)}: no stream with old images, so that changes made meanwhile would be lost",
            "turn each on (aws dynamodb update-table --table-name NAME --stream-specification "
            "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES), or say --no-follow when nobody writes any more",
        )
    if expected.seconds > GUARD_SECONDS:
        raise Refused(
            f"the snapshot would take {expected.seconds / 3600:.0f} h, and streams keep 24 h",
            "raise --threads or the rate, split the mapping by tables, or use the migration by export",
        )


def _position(run: Run, *, follow: bool) -> None:
    """Before the first read: what changes from here on is in the streams."""
    run.began, run.finished = time.time(), None
    for table in run.sources.values():
        table.position = run.began if follow and table.stream_arn else None
        if not follow:
            table.stream_arn = None


def opened(folder: Folder, source: Account, target: Account, speed: Speed, mapping: str | None = None) -> Engine:
    """The engine of a run that began. `mapping`: the file as it is now, where one is named.

    Raises Refused for another mapping or another account than the run's.
    """
    run = folder.load()
    text = folder.mapping()
    if digest(text) != run.mapping_sha256 or (mapping is not None and digest(mapping) != run.mapping_sha256):
        raise Refused(
            "the mapping is not the one that this run began with",
            "begin a new run in another folder; items that are placed already stay as they are where nothing changed",
        )
    if (target.account_id, target.region) != (run.account_id, run.region):
        raise Refused(
            f"this run writes to {run.account_id} in {run.region}, not to {target.account_id} in {target.region}",
            "name the stack that it began with",
        )
    return assembled(folder, run, read(text), source, target, speed)


def snapshot(engine: Engine, each: Callable[[str, int], None], *, again: bool, follow: bool) -> None:
    """Begin or take up the pass; `again`: a new one over all items."""
    run = engine.run
    if again:
        run.passes += 1
        _position(run, follow=follow and all(one.stream_arn for one in run.sources.values()))
        engine.folder.save(run)
    elif run.finished is None:
        require_time(engine, time.time())
    engine.snapshot(each)
    write_quarantine(engine)


def follow(engine: Engine, source: Account, each: Callable[[Followed], None], idle_seconds: float | None) -> Followed:
    """Changes since the snapshot began. Raises Refused before the snapshot is finished."""
    if engine.run.finished is None:
        raise Refused("the snapshot is not finished", "finish it first: `omnix migrate resume`")
    if all(one.stream_arn is None for one in engine.run.sources.values()):
        raise Refused("this run follows no stream", "it was begun with --no-follow")
    followed = Following(engine, source.client("dynamodbstreams"), source.wire("dynamodbstreams"), each).run(
        idle_seconds=idle_seconds
    )
    write_quarantine(engine)
    return followed


def verify(engine: Engine, each: Callable[[str, int], None]) -> dict[str, Any]:
    """Both sides compared; the result is kept in `verify.json`."""
    if engine.run.finished is None:
        raise Refused("the snapshot is not finished", "finish it first: `omnix migrate resume`")
    items = sum(one.items for one in engine.run.sources.values())
    bits = max(4, min(_MOST_BITS, math.ceil(math.log2(max(1, items / _ITEMS_A_BUCKET)))))
    keys = dict.fromkeys(engine.run.targets.values(), ("pk", "sk"))
    tables = Legacy(engine.store.wire, keys, engine.store.patience, engine.legacy.pace)
    report = Verification(engine, tables, bits, each).run()
    document = _document(engine.run, report)
    engine.folder.result("verify.json", document)
    return document


def _document(run: Run, report: Report) -> dict[str, Any]:
    return {
        "state": VERIFIED if report.exact else DIFFERS,
        "run": run.id,
        "mapping": run.mapping,
        "mapping_sha256": run.mapping_sha256,
        "at": time.time(),
        "targets": sorted(run.targets.values()),
        "read": report.read,
        "ledger": report.ledger,
        "expected": report.expected,
        "found": report.found,
        "differing_buckets": report.differing_buckets,
        "kept": report.kept,
        "problem_count": report.problem_count,
        "problems": [asdict(one) for one in report.problems],
    }


def write_quarantine(engine: Engine) -> int:
    """Write every exception into `quarantine.ndjson`; how many there are."""
    path, count = engine.folder.quarantine, 0
    new = path.with_suffix(".new")
    with private(new) as file:
        for one in engine.journal.every_exception():
            file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
            count += 1
    new.replace(path)
    return count
