"""A queue's policy as a resource of its own: who may send to it, services included."""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

from typing import ClassVar

from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.wire import Properties


class QueuePolicy(ResourceType):
    """Its id is the queue's URL. Deliveries of other services are decided by it."""

    pulumi_type = "aws:sqs/queuePolicy:QueuePolicy"
    label = Label.ENFORCED
    id_format = "{queueUrl}"
    force_new = frozenset({"queueUrl"})
    importable = True
    policies: ClassVar = {"policy": 8192}

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        scope.client("sqs").set_queue_attributes(QueueUrl=id, Attributes={"Policy": news["policy"]})

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("sqs").get_queue_attributes(QueueUrl=id, AttributeNames=["Policy"]).get("Attributes", {})
        return {"queueUrl": id, "policy": found["Policy"]} if found.get("Policy") else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.client("sqs").set_queue_attributes(QueueUrl=id, Attributes={"Policy": ""})


TYPES = (QueuePolicy(),)
