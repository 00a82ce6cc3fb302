"""CloudFront distributions. They are global; their list and their metrics are in us-east-1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, settled, tags
from ops.audit.reader import GLOBAL, GLOBAL_HOME, Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.DISTRIBUTION,)


def read(reader: Reader, _region: str, only: str | None = None) -> Iterator[Seen]:
    """The account's distributions, or the one with the id `only`."""
    for found in reader.pages("cloudfront", "list_distributions", GLOBAL_HOME, "DistributionList.Items", KINDS):
        if only and found["Id"] != only:
            continue
        notes = Notes()
        marks = reader.call(
            "cloudfront", "list_tags_for_resource", GLOBAL_HOME, KINDS, subject=found["Id"], notes=notes,
            Resource=found["ARN"],
        )  # fmt: skip
        resource = Resource(
            kind=Kind.DISTRIBUTION, arn=found["ARN"], name=found["Id"], label=_label(found), region=GLOBAL,
            account_id=reader.account_id, tags=tags((marks or {}).get("Tags", {}).get("Items")),
            facts=_facts(found), measures={"status": found.get("Status"), "domain": found.get("DomainName")},
            incomplete=notes.missing,
        )  # fmt: skip
        yield Seen(
            resource, {f"origin {one['Id']}": one["DomainName"] for one in found.get("Origins", {}).get("Items") or []}
        )


def _label(found: dict[str, Any]) -> str:
    aliases = found.get("Aliases", {}).get("Items") or []
    return ", ".join(aliases) or found.get("Comment") or found.get("DomainName", "")


def _facts(found: dict[str, Any]) -> dict[str, Any]:
    facts = chosen(found, "Comment", "Enabled", "LastModifiedTime", "WebACLId", "Staging")
    # False is a fact here: a disabled distribution serves nobody
    facts["Enabled"] = bool(found.get("Enabled"))
    facts["Aliases"] = sorted(found.get("Aliases", {}).get("Items") or [])
    facts["Origins"] = settled(
        [chosen(one, "Id", "DomainName", "OriginPath") for one in found.get("Origins", {}).get("Items") or []]
    )
    behaviours = [found.get("DefaultCacheBehavior", {}), *(found.get("CacheBehaviors", {}).get("Items") or [])]
    facts["Behaviours"] = {one.get("PathPattern", "*"): one.get("TargetOriginId", "") for one in behaviours if one}
    return facts
