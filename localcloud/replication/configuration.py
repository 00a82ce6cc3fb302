"""A bucket's replication configuration: read whole, where moto answers with a part, and asked what it means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.responses import S3Response

type Document = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule as moto keeps its XML: everything is text, one member of a list is no list, an empty element None."""

    document: Document

    @property
    def enabled(self) -> bool:
        """Whether it counts at all."""
        return str(self.document["Status"]) == "Enabled"

    @property
    def priority(self) -> int:
        """The highest one of a destination decides."""
        return int(self.document.get("Priority") or 0)

    @property
    def destination(self) -> str:
        """The bucket's name."""
        return str(self.document["Destination"]["Bucket"]).rpartition(":")[2]

    @property
    def storage_class(self) -> str | None:
        """The replica's, where it is not the object's."""
        return _text(self.document["Destination"].get("StorageClass"))

    @property
    def replica_key(self) -> str | None:
        """The key under which replicas of encrypted objects lie."""
        return _text((self.document["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID"))

    @property
    def encrypted(self) -> bool:
        """Whether objects under KMS keys are replicated."""
        return _status(self.document.get("SourceSelectionCriteria"), "SseKmsEncryptedObjects")

    @property
    def delete_markers(self) -> bool:
        """Whether a deletion hides the replica too: always in the first schema, which has no filter."""
        return "Filter" not in self.document or _status(self.document, "DeleteMarkerReplication")

    def selects(self, key: str, tags: Mapping[str, str]) -> bool:
        """Whether an object is of its prefix and has its tags."""
        chosen = self.document.get("Filter") or {}
        both = chosen.get("And") or chosen
        prefix = both.get("Prefix") or self.document.get("Prefix") or ""
        wanted = {tag["Key"]: tag["Value"] for tag in _listed(both.get("Tag"))}
        return key.startswith(prefix) and wanted.items() <= tags.items()


def rules(configuration: Document | None) -> Iterator[Rule]:
    """The enabled ones, the most important first."""
    found = [Rule(document) for document in (configuration or {}).get("Rule", ())]
    yield from sorted((rule for rule in found if rule.enabled), key=lambda rule: -rule.priority)


def install() -> None:
    """Have GetBucketReplication answer with everything that was put."""
    patched: Any = S3Response
    patched.get_bucket_replication = _get


def _get(response: Any) -> Any:
    response.data["Action"] = "GetBucketReplication"
    found = response.backend.get_bucket_replication(response.bucket_name)
    if not found:
        raise ReplicationConfigurationNotFoundError(bucket_name=response.bucket_name)
    answer = {"Role": found["Role"], "Rules": [_answered(rule) for rule in found["Rule"]]}
    return response.serialized(ActionResult({"ReplicationConfiguration": answer}))


def _answered(document: Document) -> dict[str, Any]:
    """A rule in botocore's form. In the first schema there is no priority; moto adds one to every rule."""
    rule: dict[str, Any] = _numbered(document)
    chosen = rule.get("Filter")
    if "Filter" not in rule:
        rule.pop("Priority", None)
    elif chosen is None:
        rule["Filter"] = {}
    elif both := chosen.get("And"):
        rule["Filter"] = {"And": {"Prefix": both.get("Prefix") or "", "Tags": _listed(both.get("Tag"))}}
    elif "Prefix" in chosen:
        rule["Filter"] = {"Prefix": chosen["Prefix"] or ""}
    return rule


def _numbered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: int(item) if key in {"Priority", "Minutes"} and item is not None else _numbered(item)
            for key, item in value.items()
        }
    return value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _status(document: Document | None, name: str) -> bool:
    found = (document or {}).get(name) or {}
    return bool(found.get("Status") == "Enabled")
