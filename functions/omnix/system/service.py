"""What the system routes say."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from omnix import VERSION
from omnix.errors import UnavailableError
from omnix.parameters import RELEASE_COMMIT, ParameterMissingError, parameters
from omnix.probes import table_probes
from omnix.readiness import Report, report
from omnix.system.model import Build, Health, Readiness, Version

CONTRACT_FILE = "openapi.json"
BUILD_FILE = "omnix_build.json"

_READ = ("customer-profiles", "inventory", "orders", "products", "sessions")
_READ_IN_BATCHES = ("analytics", "recommendations")
_ROOT = Path(__file__).resolve().parents[2]


def health() -> Health:
    """Touches no dependency."""
    return Health(status="ok", environment=os.environ["OMNIX_ENVIRONMENT"])


def ready() -> Report:
    """Every check of the function `api`: Parameter Store and each table that its routes read."""
    return report("api", table_probes(*_READ, batches=_READ_IN_BATCHES))


def readiness() -> Readiness:
    """Raises UnavailableError with every check in its details unless all passed."""
    found = ready().as_dict()
    if not found["ok"]:
        error = UnavailableError("Not ready.")
        error.details = found["checks"]
        raise error
    return Readiness.model_validate(found)


def version() -> Version:
    """What is deployed, and which contract it serves."""
    return Version(
        version=VERSION,
        environment=os.environ["OMNIX_ENVIRONMENT"],
        function=os.environ["OMNIX_FUNCTION"],
        function_version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        contract=hashlib.sha256(contract().encode()).hexdigest(),
        build=build(),
        commit=commit(),
    )


def commit() -> str | None:
    """The commit that the environment was last deployed from; None where nobody wrote it, or nobody can say now.

    It is a parameter and not in the zip or its environment variables: a commit that changes nothing of a function must
    not make a new version of it, and the same sources must make the same zip. What code this is, `build.inputs` says.
    """
    try:
        return parameters().get(RELEASE_COMMIT)
    except (ClientError, BotoCoreError, ParameterMissingError):
        return None


@functools.cache
def build() -> Build | None:
    """The bundler's record at the zip's root; None where nothing was bundled."""
    file = _ROOT / BUILD_FILE
    return Build.model_validate_json(file.read_bytes()) if file.is_file() else None


@functools.cache
def contract() -> str:
    """The text of openapi.json: beside `omnix` in the zip, above `functions/` in the repository.

    Read on the first request and never made here: its generator is not in the zip.
    """
    candidates = [_ROOT / CONTRACT_FILE, _ROOT.parent / CONTRACT_FILE]
    return next(path for path in candidates if path.is_file()).read_text(encoding="utf-8")
