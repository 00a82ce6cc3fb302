"""What every kind of resource answers: what stands against its removal, how it is secured, removed, brought back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ops.cleanup.account import Account
    from ops.cleanup.plan import Entry

type Known = Mapping[str, Any]
"""What the ledger knows of a resource: the details of its steps so far."""


@dataclass(frozen=True)
class Step:
    """One step that may be repeated: a killed process does it again. What it returns goes into the ledger."""

    name: str
    act: Callable[[Known], Mapping[str, Any] | None]


class Removal:
    """One resource on its way out. The steps of securing change nothing that exists."""

    lasting = ""
    """What of it can never be brought back, in words; empty when all of it can."""

    def __init__(self, entry: Entry, account: Account, plan_sha256: str) -> None:
        self.entry = entry
        self.account = account
        self.mark = hashlib.sha256(f"{plan_sha256}{entry.arn}".encode()).hexdigest()[:24]
        """Names what is made for this removal: the same for every run of one plan."""

    def client(self, service: str) -> Any:
        """The boto3 client of a service in the resource's region."""
        return self.account.client(service, self.entry.region)

    def exists(self) -> bool:
        """True when the resource is there."""
        raise NotImplementedError

    def obstacles(self) -> list[str]:
        """What stands against its removal beyond what the plan says; empty when nothing does."""
        return []

    def described(self) -> dict[str, Any]:
        """Everything that brings it back, as AWS says it."""
        raise NotImplementedError

    def securing(self) -> list[Step]:
        """What is done before anything is removed: here, to keep its description."""
        return [Step("archive", lambda _: {"archive": self._archive()})]

    def _archive(self) -> dict[str, str]:
        if not self.exists():
            raise Refused(f"{self.entry} is not there any more", "audit and plan again")
        return self.keep_document(without_system_tags(self.described()))

    def proof(self, known: Known) -> None:
        """Refused unless what brings it back is there now."""
        self.archived(known)

    def removing(self) -> list[Step]:
        """The steps of its removal, in order."""
        raise NotImplementedError

    def undoing(self) -> list[Step]:
        """The steps that bring it back; each of them looks first whether that is needed."""
        raise NotImplementedError

    def keep_document(self, document: Mapping[str, Any], part: str = "") -> dict[str, str]:
        """Keep a document in the archive."""
        return self.account.archive.keep_document(self.file(f"{part}.json" if part else ".json"), document)

    def archived(self, known: Known) -> dict[str, Any]:
        """The description that was kept; Refused when there is none or it was changed."""
        if "archive" not in known:
            raise Refused(f"{self.entry}: nothing was archived", "run again from the start")
        return self.account.archive.document(known["archive"])

    def file(self, ending: str) -> str:
        """A file's name for this resource."""
        return f"{self.entry.kind}-{self.mark}{ending}"


def without_system_tags(value: Any) -> Any:
    """A description without AWS's own tags: what a stack left behind keeps them, and no call takes one (`aws:…`)."""
    match value:
        case dict():
            return {
                name: {key: without_system_tags(tag) for key, tag in part.items() if not key.startswith("aws:")}
                if name in ("tags", "Tags") and isinstance(part, dict)
                else without_system_tags(part)
                for name, part in value.items()
            }
        case list():
            return [
                without_system_tags(one)
                for one in value
                if not (isinstance(one, dict) and one.keys() == {"Key", "Value"} and one["Key"].startswith("aws:"))
            ]
        case _:
            return value
