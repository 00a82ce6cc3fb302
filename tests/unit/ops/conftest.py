"""What the operator's command line finds around it: no credentials of the tester's, and an empty project."""

from pathlib import Path

import pytest

_CREDENTIALS = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "OMNIX_LOCAL_DIR")


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _CREDENTIALS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_credentials: None) -> Path:  # noqa: ARG001 - before all
    """Work in an empty project."""
    (tmp_path / "Pulumi.yaml").write_text("name: omnix-ai\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path
