"""Log lines reach the file and the log group whatever is in them."""

from pathlib import Path

from moto import mock_aws

from localcloud.functions.logs import LogWriter
from localcloud.persistence.lock import StateLock


def test_a_line_that_utf8_cannot_hold_is_escaped_and_the_next_ones_are_written(tmp_path: Path) -> None:
    file = tmp_path / "functions.log"
    with mock_aws():
        writer = LogWriter("123456789012", StateLock(), lambda: None, file)
        writer.write("eu-central-1", "/aws/lambda/f", "stream", "agent \udce9")
        writer.write("eu-central-1", "/aws/lambda/f", "stream", "the next")
        writer.flush()
    text = file.read_text(encoding="utf-8")
    assert "agent \\udce9" in text
    assert "the next" in text
