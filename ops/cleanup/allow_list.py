"""The allow-list: what must stay, who answers for that, and until when. An entry that has expired is an error."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads it at run time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

type Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Allowed(BaseModel):
    """`match` is a pattern (`*`, `?`, `[…]`) over a resource's ARN, name or label; `until` is its last day (UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    match: Words
    owner: Words
    until: dt.date
    reason: Words

    def covers(self, names: Iterable[str]) -> bool:
        """True when one of a resource's names matches."""
        return any(fnmatchcase(name, self.match) for name in names if name)


_ENTRIES = TypeAdapter(list[Allowed])


def read(path: Path, today: dt.date) -> list[Allowed]:
    """The entries of a YAML file; Refused with every fault of its form, or with every entry that has expired."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        entries = _ENTRIES.validate_python(document)
    except FileNotFoundError as error:
        raise Refused(f"there is no allow-list {path}", "check the path") from error
    except yaml.YAMLError as error:
        raise Refused(f"{path} is not YAML: {error}", "mend it") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors(include_url=False)
        )
        raise Refused(f"{path}: {wrong}", "every entry has match, owner, until (a date) and reason") from error
    require_current(entries, today)
    return entries


def require_current(entries: Sequence[Allowed], today: dt.date) -> None:
    """Refused when an entry has expired: its owner must say again that it is needed, or let it go."""
    if expired := [f"{one.match} ({one.owner}, until {one.until})" for one in entries if one.until < today]:
        raise Refused(
            f"the allow-list has expired entries: {', '.join(expired)}",
            "ask their owners: renew the date or take them out",
        )


def covering(entries: Iterable[Allowed], names: Sequence[str]) -> Allowed | None:
    """The entry that keeps a resource with these names."""
    return next((one for one in entries if one.covers(names)), None)
