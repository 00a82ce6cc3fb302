"""The function `migration`: the steps of a table's migration by export (`components/migration/definition.py`)."""

from typing import Any

from omnix import logs, readiness
from omnix.migration import exported
from omnix.migration.exported import Run
from omnix.migration.files import Files
from omnix.parameters import parameters
from omnix.settings import MigrationSettings, load

settings = load(MigrationSettings)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`begin`, `place` or `finish`, as the event's `step` says; every step may be done again."""
    logs.configure(parameters())
    files = Files.opened(settings.runs_bucket)
    if event.get("source") == readiness.SOURCE:
        # below `runs/`, where alone it may list
        runs = {"runs": lambda: files.s3.list_objects_v2(Bucket=files.bucket, Prefix="runs/", MaxKeys=1)}
        return readiness.report("migration", runs).as_dict()
    run = Run.of(event, files)
    if event["step"] == "begin":
        return exported.begin(run)
    if event["step"] == "finish":
        return exported.finish(run, exported.store().read)
    moving = exported.mover(run, exported.store(event["units"]))
    placed = exported.place(run, event, moving, context.get_remaining_time_in_millis)
    return {**event, "line": placed.next_line, "done": placed.done}
