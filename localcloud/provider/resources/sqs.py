"""Amazon SQS."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

import json
from typing import ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, document
from localcloud.provider.tagging import SQS
from localcloud.provider.wire import Properties

_NUMBERS = {
    "visibilityTimeoutSeconds": ("VisibilityTimeout", 30, 0, 43200),
    "messageRetentionSeconds": ("MessageRetentionPeriod", 345600, 60, 1209600),
    "maxMessageSize": ("MaximumMessageSize", 262144, 1024, 1048576),
    "delaySeconds": ("DelaySeconds", 0, 0, 900),
    "receiveWaitTimeSeconds": ("ReceiveMessageWaitTimeSeconds", 0, 0, 20),
    "kmsDataKeyReusePeriodSeconds": ("KmsDataKeyReusePeriodSeconds", 300, 60, 86400),
}
_TEXTS = {
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "redrivePolicy": "RedrivePolicy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
}


class Queue(ResourceType):
    pulumi_type = "aws:sqs/queue:Queue"
    label = Label.EXECUTED
    remove = ("sqs", "delete_queue", "QueueUrl")
    naming = Naming(r"[A-Za-z0-9_-]+(\.fifo)?", 80)
    tagging = SQS
    force_new = frozenset({"fifoQueue", "namePrefix"})
    importable = True
    defaults: ClassVar = {"fifoQueue": False, "contentBasedDeduplication": False} | {
        key: default for key, (_, default, _, _) in _NUMBERS.items()
    }

    def create(self, scope: Scope, inputs: Properties) -> str:
        attributes = _attributes(inputs) | ({"FifoQueue": "true"} if inputs.get("fifoQueue") else {})
        return str(scope.client("sqs").create_queue(QueueName=inputs["name"], Attributes=attributes)["QueueUrl"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        if olds:
            dropped = {name: "" for key, name in _TEXTS.items() if olds.get(key) and key not in news}
            scope.client("sqs").set_queue_attributes(QueueUrl=id, Attributes={**_attributes(news), **dropped})

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("sqs").get_queue_attributes(QueueUrl=id, AttributeNames=["All"])["Attributes"]
        return {
            **{key: int(found[name]) for key, (name, *_) in _NUMBERS.items() if name in found},
            **{key: found[name] for key, name in _TEXTS.items() if found.get(name)},
            "name": id.rsplit("/", 1)[-1],
            "arn": found["QueueArn"],
            "url": id,
            "fifoQueue": found.get("FifoQueue") == "true",
        }

    def tagged(self, id: str, state: Properties) -> str:
        return id


def _attributes(inputs: Properties) -> dict[str, str]:
    found = {name: str(inputs.get(key, default)) for key, (name, default, _, _) in _NUMBERS.items()}
    for key, name in _TEXTS.items():
        if key in inputs:
            found[name] = json.dumps(document(inputs[key])) if name != "KmsMasterKeyId" else inputs[key]
    return found


TYPES = (Queue(),)
