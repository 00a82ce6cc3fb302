"""Log lines reach the file and the log group whatever is in them."""

from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.logs.models import logs_backends

from localcloud.functions import logs
from localcloud.functions.logs import LogWriter
from localcloud.persistence.lock import StateLock

ACCOUNT, REGION, GROUP = "123456789012", "eu-central-1", "/aws/lambda/f"


def test_a_line_that_utf8_cannot_hold_is_escaped_and_the_next_ones_are_written(tmp_path: Path) -> None:
    file = tmp_path / "functions.log"
    with mock_aws():
        writer = LogWriter(ACCOUNT, StateLock(), lambda: None, file)
        writer.write(REGION, GROUP, "stream", "agent \udce9")
        writer.write(REGION, GROUP, "stream", "the next")
        writer.flush()
    text = file.read_text(encoding="utf-8")
    assert "agent \\udce9" in text
    assert "the next" in text


@mock_aws
def test_a_group_keeps_its_newest_events_over_all_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT_EVENTS", 5)
    backend: Any = logs_backends[ACCOUNT][REGION]
    backend.create_log_group(GROUP, {})
    writer = LogWriter(ACCOUNT, StateLock(), lambda: None, tmp_path / "functions.log")
    for stream in ("first", "second", "third"):
        for number in range(3):
            writer.write(REGION, GROUP, stream, f"{stream} {number}")
        writer.flush()
    kept = {name: [event.message for event in stream.events] for name, stream in backend.groups[GROUP].streams.items()}
    assert kept == {"second": ["second 1", "second 2"], "third": ["third 0", "third 1", "third 2"]}
    assert len((tmp_path / "functions.log").read_text(encoding="utf-8").splitlines()) == 9
