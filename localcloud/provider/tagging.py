"""Tags through each service's own tag calls, which differ in every word they use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

type Tags = dict[str, str]


@dataclass(frozen=True)
class Tagging:
    """How a service lists, adds and removes tags. `key`/`value` are empty where tags are a plain map."""

    service: str
    resource: str  # the parameter that names the resource
    list_call: str
    tags: str = "Tags"
    tag_call: str = "tag_resource"
    untag_call: str = "untag_resource"
    key: str = "Key"
    value: str = "Value"
    keys: str = "TagKeys"
    tag_parameter: str = ""
    extra: Mapping[str, str] | None = None

    def list(self, client: Any, resource: str) -> Tags:
        """All tags of a resource."""
        found = getattr(client, self.list_call)(**self._named(resource)).get(self.tags) or {}
        if isinstance(found, dict):
            return dict(found)
        return {tag[self.key]: tag[self.value] for tag in found}

    def sync(self, client: Any, resource: str, wanted: Tags, current: Tags) -> None:
        """Adds, changes and removes until the resource has the wanted ones."""
        changed = {key: value for key, value in wanted.items() if current.get(key) != value}
        stale = sorted(current.keys() - wanted.keys())
        if changed:
            tags: Any = changed
            if self.key:
                tags = [{self.key: key, self.value: value} for key, value in sorted(changed.items())]
            getattr(client, self.tag_call)(**self._named(resource), **{self.tag_parameter or self.tags: tags})
        if stale:
            getattr(client, self.untag_call)(**self._named(resource), **{self.keys: stale})

    def _named(self, resource: str) -> dict[str, str]:
        return {self.resource: resource, **(self.extra or {})}


KMS = Tagging("kms", "KeyId", "list_resource_tags", key="TagKey", value="TagValue")
DYNAMODB = Tagging("dynamodb", "ResourceArn", "list_tags_of_resource")
LAMBDA = Tagging("lambda", "Resource", "list_tags", key="")
LOGS = Tagging("logs", "resourceArn", "list_tags_for_resource", tags="tags", key="", keys="tagKeys")
SNS = Tagging("sns", "ResourceArn", "list_tags_for_resource")
CLOUDWATCH = Tagging("cloudwatch", "ResourceARN", "list_tags_for_resource")
BACKUP = Tagging("backup", "ResourceArn", "list_tags", key="", keys="TagKeyList")
SQS = Tagging(
    "sqs", "QueueUrl", "list_queue_tags", tag_call="tag_queue", untag_call="untag_queue", key="", tag_parameter="Tags"
)
SSM = Tagging(
    "ssm",
    "ResourceId",
    "list_tags_for_resource",
    tags="TagList",
    tag_call="add_tags_to_resource",
    untag_call="remove_tags_from_resource",
    tag_parameter="Tags",
    extra={"ResourceType": "Parameter"},
)
IAM_ROLE = Tagging("iam", "RoleName", "list_role_tags", tag_call="tag_role", untag_call="untag_role")
IAM_POLICY = Tagging("iam", "PolicyArn", "list_policy_tags", tag_call="tag_policy", untag_call="untag_policy")
