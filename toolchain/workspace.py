"""Where one local environment keeps its things: everything under `.local/`, nothing in the rest of the tree."""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
STACKS: Final = ("dev", "staging", "prod")


class WorkspaceError(RuntimeError):
    """A local environment cannot be used as asked; the message says what to do."""


@dataclass(frozen=True)
class Workspace:
    """The files of one stack's local environment.

    `home` is `.local` of the working tree, or another folder (tests run environments of their own beside it).
    """

    stack: str
    home: Path = ROOT / ".local"

    def __post_init__(self) -> None:
        if self.stack not in STACKS:
            raise WorkspaceError(f"there is no stack {self.stack!r}; choose one of {', '.join(STACKS)}")

    @property
    def folder(self) -> Path:
        """Everything that is the environment's own: cloud, engine state, logs, reports."""
        return self.home / self.stack

    @property
    def summary(self) -> Path:
        """The file that tools and tests rely on (DESIGN, "What tools and tests may rely on")."""
        return self.home / f"{self.stack}.json"

    @property
    def cloud(self) -> Path:
        """The local cloud's state folder."""
        return self.folder / "cloud"

    @property
    def backend(self) -> Path:
        """The engine's file backend."""
        return self.folder / "pulumi"

    @property
    def state(self) -> Path:
        """The engine's state file of this stack."""
        return self.backend / ".pulumi" / "stacks" / "omnix-ai" / f"{self.stack}.json"

    @property
    def project(self) -> Path:
        """The overlay project: its program is the real one, its stack config the engine may write to.

        (`pulumi stack init` writes an encryption salt beside the project file, which must not be the committed one.)
        """
        return self.folder / "project"

    @property
    def config(self) -> Path:
        """The overlay made from the committed stack config."""
        return self.project / f"Pulumi.{self.stack}.yaml"

    def read_summary(self) -> dict[str, Any]:
        """Return what the last `up` recorded; empty before the first."""
        try:
            content: dict[str, Any] = json.loads(self.summary.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except json.JSONDecodeError as error:
            raise WorkspaceError(f"{self.summary} is not JSON ({error}); delete it and run `make up` again") from error
        return content

    def write_summary(self, content: Mapping[str, Any]) -> None:
        """Replace the summary in one step, readable by its owner only: it holds the demo password."""
        write_atomically(self.summary, json.dumps(content, indent=2, sort_keys=True) + "\n")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the environment's lock: two engines on one stack would fight over its state.

        Raises WorkspaceError when another command holds it. A killed command lets go of it by itself.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise WorkspaceError(
                    f"another command (process {holder}) is working on {self.stack}; wait for it or end it"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader, or a kill, never meets half a file (mode 0600)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
