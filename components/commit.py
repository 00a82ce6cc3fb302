"""The git commit that a deployment is made from."""

import subprocess
from pathlib import Path

UNKNOWN_COMMIT = "unknown"


def commit(root: Path) -> str:
    """The commit of the working tree at `root` in twelve hex digits, with `-dirty` where tracked files differ from it;
    `unknown` where there is no git or no repository. The same tree always gives the same text. Forty digits would be
    taken for a key by the scanners of secrets, ours among them (`policy`).
    """
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN_COMMIT
    return done.stdout.strip()
