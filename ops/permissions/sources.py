"""Where usage records come from: the running local cloud, or the files of a whole test run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ops.errors import Refused
from ops.permissions.record import UsageRecord

if TYPE_CHECKING:
    from pathlib import Path

# The local cloud writes `{account}-{pid}.json`; a record saved by hand may have any name.
_FILE = re.compile(r"^(\d{12})-\d+\.json$")
DIRECTORY_VARIABLE = "LOCALCLOUD_USAGE_DIR"


def ask_cloud(endpoint_url: str) -> UsageRecord:
    """What the running cloud counted so far; Refused when it decides on nothing, so that all would seem unused."""
    health = _asked(f"{endpoint_url}/_localcloud/health")
    if health.get("permissions") != "enforced":
        raise Refused(
            f"the local cloud {endpoint_url} runs with permissions {health.get('permissions', 'not enforced')}: "
            "no use of a grant was counted",
            "stop it and start it without `--permissions off`, then use the environment again",
        )
    return _parsed(_asked(f"{endpoint_url}/_localcloud/iam/usage"), endpoint_url)


def _asked(url: str) -> dict[str, Any]:
    import httpx

    answer = httpx.get(url, timeout=60)
    if not answer.is_success:
        raise Refused(f"{url} answered {answer.status_code}", "start the local cloud again: `make up STACK=…`")
    document: dict[str, Any] = answer.json()
    return document


def read_files(path: Path) -> list[tuple[str | None, UsageRecord]]:
    """Every record of a run, with its account: of a directory's `*.json`, or of one file."""
    if not path.exists():
        raise Refused(f"there is no {path}", f"run the tests with {DIRECTORY_VARIABLE}={path}")
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise Refused(
            f"there is no usage file in {path}",
            f"run the tests with {DIRECTORY_VARIABLE}={path}; a local cloud writes its file when it stops",
        )
    return [(_account(file), _read(file)) for file in files]


def _account(file: Path) -> str | None:
    match = _FILE.match(file.name)
    return match[1] if match else None


def _read(file: Path) -> UsageRecord:
    try:
        text = file.read_text(encoding="utf-8")
        return UsageRecord.model_validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"the usage file {file} cannot be read: {error}", "remove it, or run the tests again") from error
    except ValidationError as error:
        raise _unreadable(f"the usage file {file}", error) from error


def _parsed(document: dict[str, Any], source: str) -> UsageRecord:
    try:
        return UsageRecord.model_validate(document)
    except ValidationError as error:
        raise _unreadable(f"the answer of {source}", error) from error


def _unreadable(what: str, error: ValidationError) -> Refused:
    wrong = error.errors()[0]
    where = ".".join(str(part) for part in wrong["loc"]) or "the document"
    return Refused(
        f"{what} is no usage record ({where}: {wrong['msg']}; {error.error_count()} such)",
        "remove it, or run the tests again",
    )
