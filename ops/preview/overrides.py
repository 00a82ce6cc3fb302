"""The committed, reviewable permission to delete or replace something stateful: who, why, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ops.errors import WrongUse
from ops.preview.model import Action, Change

# A permission is for one change under review, not for good.
LONGEST = timedelta(days=90)
_TEXT = Field(pattern=r"\S")


class Override(BaseModel):
    """One entry. `urn` names one resource exactly, `name` is its logical name; exactly one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    urn: Annotated[str | None, Field(pattern=r"^urn:pulumi:.+::.+::.+::.+$")] = None
    name: Annotated[str | None, _TEXT] = None
    environment: Annotated[str, _TEXT]
    action: Literal["delete", "replace"]
    reason: Annotated[str, Field(min_length=15)]
    owner: Annotated[str, _TEXT]
    expires: date

    @model_validator(mode="after")
    def _one_subject(self) -> "Override":
        if (self.urn is None) == (self.name is None):
            raise ValueError("give either `urn` or `name`")
        return self

    @property
    def subject(self) -> str:
        """The entry in a few words."""
        return f"{self.action} {self.name or self.urn} in {self.environment}"

    def names(self, change: Change, environment: str) -> bool:
        """Say whether the entry is about this change, expired or not."""
        subject = self.urn == change.urn if self.urn else self.name == change.resource.name
        wanted = {"delete": Action.DELETE, "replace": Action.REPLACE}[self.action]
        return subject and self.environment == environment and change.action is wanted


@dataclass(frozen=True)
class Overrides:
    """The file's entries as of `today`, and what is wrong with those that do not count."""

    entries: tuple[Override, ...] = ()
    problems: tuple[str, ...] = ()
    today: date = date.min

    def covering(self, change: Change, environment: str) -> Override | None:
        """The entry in force for this change."""
        return next((e for e in self.entries if e.names(change, environment) and not self.expired(e)), None)

    def expired_for(self, change: Change, environment: str) -> Override | None:
        """An entry that would have covered it, had it not expired."""
        return next((e for e in self.entries if e.names(change, environment) and self.expired(e)), None)

    def expired(self, entry: Override) -> bool:
        """Say whether the entry's last day is over."""
        return entry.expires < self.today


def read(path: Path, today: date, *, given: bool) -> Overrides:
    """The overrides of a file. Malformed entries are `problems`, for which the gate refuses; no file means none.

    `given`: the path was on the command line, so that it must exist.
    """
    if not path.is_file():
        if given:
            raise WrongUse(f"there is no overrides file {path}", "check the path, or leave --overrides out")
        return Overrides(today=today)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        return Overrides(problems=(f"{path.name} is no YAML{where}",), today=today)
    entries = document.get("overrides") if isinstance(document, dict) else None
    if not isinstance(document, dict) or set(document) != {"overrides"} or not isinstance(entries, list):
        return Overrides(problems=(f"{path.name} must hold one list, `overrides`",), today=today)
    return _checked(entries, today)


def _checked(entries: Sequence[Any], today: date) -> Overrides:
    good: list[Override] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        try:
            override = Override.model_validate(entry)
        except ValidationError as error:
            problems += [f"entry {number}: {_explained(detail)}" for detail in error.errors(include_url=False)]
            continue
        if override.expires > today + LONGEST:
            problems.append(f"entry {number}: expires {override.expires}, more than {LONGEST.days} days from now")
            continue
        good.append(override)
    return Overrides(tuple(good), tuple(problems), today)


def _explained(detail: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "the entry"
    return f"{place}: {detail['msg']}"
