"""What people are shown of a run."""

import io

from rich.console import Console

from ops.migrate import show


def test_backups_that_are_paid_for_until_they_are_deleted_are_named_with_their_command() -> None:
    own = "arn:aws:dynamodb:eu-central-1:123456789012:table/old/backup/01"
    expiring = "arn:aws:backup:eu-central-1:123456789012:recovery-point:02"
    said = io.StringIO()
    document = {"run": "r", "mapping": "m", "segments_left": 0, "counts": {}, "exceptions": {}}
    show.status(Console(file=said, width=200), {**document, "backups": {"source": own, "target": expiring}})
    assert f"aws dynamodb delete-backup --backup-arn {own}" in said.getvalue()
    assert expiring not in said.getvalue()
