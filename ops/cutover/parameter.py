"""`database/tables` as Parameter Store has it, with its history, and one move of it.

Parameter Store has no compare-and-swap. A move reads the version, writes, and looks whether its own version is the one
after: if not, somebody else wrote in between. Which write came last is then known, and nothing else is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix import table_names
from omnix.table_names import TableNames, TableNamesError
from ops.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

# Parameter Store's standard tier, in bytes.
MAX_VALUE = 4096
# Labels move with the last cut-over. One on an old version would stay, and with a label on its oldest of 100 versions
# Parameter Store refuses the next write.
MOVED, BEFORE = "cutover", "before-cutover"


@dataclass(frozen=True)
class Version:
    """One version: what it names, who wrote it (an ARN) and when, and its labels."""

    number: int
    names: TableNames
    at: datetime
    by: str
    labels: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        until = {**self.names.before} if self.names.before else None
        return {"version": self.number, "at": self.at, "by": self.by, "labels": self.labels,
                "tables": dict(self.names.tables), "before": until}  # fmt: skip


class Parameter:
    """The parameter of one environment. `ssm` is boto3's client; `prefix` is `/omnix-ai/{env}`."""

    def __init__(self, ssm: Any, prefix: str) -> None:
        self._ssm = ssm
        self.name = f"{prefix}/{table_names.PARAMETER}"

    def history(self) -> list[Version]:
        """Every version that Parameter Store still has (100 at most), oldest first."""
        pages = self._ssm.get_paginator("get_parameter_history").paginate(Name=self.name)
        found = [one for page in pages for one in page["Parameters"]]
        return sorted((_version(one) for one in found), key=lambda version: version.number)

    def current(self) -> Version:
        """The newest version. Refused for a value that names no tables."""
        return self.history()[-1]

    def move(self, before: Version, names: TableNames) -> Version:
        """Write `names` over `before`. Refused, with what to do, when somebody else moved it meanwhile."""
        text = names.text()
        if len(text.encode()) > MAX_VALUE:
            raise Refused(
                f"the names would take {len(text)} bytes, and a standard parameter holds {MAX_VALUE}",
                "move fewer tables at a time",
            )
        if (newest := self.current()).number != before.number:
            raise _moved(before, newest)
        answer = self._ssm.put_parameter(Name=self.name, Value=text, Type="String", Overwrite=True, **self._described())
        if answer["Version"] != before.number + 1:
            raise Refused(
                f"somebody else moved the tables in the same moment, and this move stands over theirs, as version "
                f"{answer['Version']}",
                "look at `omnix cutover show`, settle it between you, and decide again",
            )
        for label, number in ((MOVED, answer["Version"]), (BEFORE, before.number)):
            self._ssm.label_parameter_version(Name=self.name, ParameterVersion=number, Labels=[label])
        return self.current()

    def _described(self) -> dict[str, str]:
        """The stack's own description: what the next update finds must be what it left."""
        filters = [{"Key": "Name", "Option": "Equals", "Values": [self.name]}]
        found = self._ssm.describe_parameters(ParameterFilters=filters)["Parameters"]
        description = str(found[0].get("Description", "")) if found else ""
        return {"Description": description} if description else {}


def _version(given: dict[str, Any]) -> Version:
    try:
        names = table_names.parse(given["Value"])
    except TableNamesError as error:
        raise Refused(
            f"version {given['Version']} of {given['Name']} names no tables",
            "write it as the stack would (`pulumi up`), or put the last good version's value back",
        ) from error
    labels = tuple(given.get("Labels") or ())
    return Version(given["Version"], names, given["LastModifiedDate"], given.get("LastModifiedUser", ""), labels)


def _moved(expected: Version, newest: Version) -> Refused:
    who = f" by {newest.by}" if newest.by else ""
    return Refused(
        f"somebody else moved the tables meanwhile: version {newest.number} was written{who} at {newest.at:%H:%M:%S}, "
        f"and this move was made for version {expected.number}",
        "look at `omnix cutover show`, and decide again",
    )
