"""CloudFront distributions: disabled, waited for at every edge, then deleted."""

from __future__ import annotations

from typing import Any, override

from ops.cleanup.account import present
from ops.cleanup.kinds.removal import Known, Removal, Step

# CloudFront says "a few minutes"; it has taken much longer.
DEPLOY_SECONDS = 90 * 60


class DistributionRemoval(Removal):
    """One distribution; `name` is its id. Its certificate, functions and policies stay."""

    lasting = "its id and its …cloudfront.net address: DNS records must follow the new one"

    def _found(self) -> Any:
        return present(lambda: self.client("cloudfront").get_distribution(Id=self.entry.name))

    @override
    def exists(self) -> bool:
        return self._found() is not None

    @override
    def described(self) -> dict[str, Any]:
        found = self._found()["Distribution"]
        tags = self.client("cloudfront").list_tags_for_resource(Resource=found["ARN"])["Tags"]
        return {"config": found["DistributionConfig"], "tags": tags}

    @override
    def removing(self) -> list[Step]:
        return [Step("disable", self._disable), Step("delete distribution", self._delete)]

    def _disable(self, _: Known) -> None:
        if self.exists():
            self._switch(enabled=False)

    def _switch(self, *, enabled: bool) -> None:
        front = self.client("cloudfront")
        answer = front.get_distribution_config(Id=self.entry.name)
        config = answer["DistributionConfig"]
        if config["Enabled"] is not enabled:
            front.update_distribution(
                Id=self.entry.name, IfMatch=answer["ETag"], DistributionConfig=config | {"Enabled": enabled}
            )
        self.account.until(
            f"{self.entry} at every edge",
            lambda: self._found()["Distribution"]["Status"] == "Deployed",
            DEPLOY_SECONDS,
            every=30,
        )

    def _delete(self, _: Known) -> None:
        if found := self._found():
            front = self.client("cloudfront")
            # The ETag is of the disabled configuration: whoever enabled it again meanwhile makes this fail.
            present(lambda: front.delete_distribution(Id=self.entry.name, IfMatch=found["ETag"]))

    @override
    def undoing(self) -> list[Step]:
        return [Step("create distribution", self._create)]

    def _create(self, known: Known) -> dict[str, Any]:
        archived = self.archived(known)
        if self.exists():
            self._switch(enabled=archived["config"]["Enabled"])
            return {}
        # The reference makes a repeated call the same call.
        config = archived["config"] | {"CallerReference": f"omnix-cleanup-{self.mark}"}
        made = self.client("cloudfront").create_distribution_with_tags(
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": archived["tags"]}
        )["Distribution"]
        return {"distribution": made["Id"], "domain": made["DomainName"]}
