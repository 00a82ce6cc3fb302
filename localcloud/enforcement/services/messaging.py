"""SNS and SQS, and the keys of encrypted topics and queues."""

from collections.abc import Iterator

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Keys, Need, Operations, anything, arn, given, on
from localcloud.enforcement.services import kms


def _queue_name(call: Call) -> str:
    url = str(call.parameters.get("QueueUrl") or "")
    return str(call.parameters.get("QueueName") or url.rstrip("/").rpartition("/")[2] or "*")


def _queue(call: Call, account: Account) -> str:
    return f"arn:aws:sqs:{call.region}:{account.id}:{_queue_name(call)}"


def queue_key(account: Account, queue: str, region: str, actions: str) -> Iterator[Need]:
    """The producer needs kms:GenerateDataKey and kms:Decrypt, the consumer kms:Decrypt (SQS developer guide, "Key
    management"); the context holds the queue's ARN.
    """
    found = account.queue(queue, region)
    context = {"aws:sqs:arn": (f"arn:aws:sqs:{region}:{account.id}:{queue}",)}
    yield from kms.use(account, actions, getattr(found, "kms_master_key_id", None), "sqs", region, context)


def _sent(call: Call, account: Account) -> Iterator[Need]:
    yield from queue_key(account, _queue_name(call), call.region, "GenerateDataKey Decrypt")


def _received(call: Call, account: Account) -> Iterator[Need]:
    yield from queue_key(account, _queue_name(call), call.region, "Decrypt")


SQS: Operations = {
    **on("sqs", _queue, "SendMessage", also=_sent),
    **on("sqs", _queue, "SendMessageBatch", action="SendMessage", also=_sent),
    **on("sqs", _queue, "ReceiveMessage", also=_received),
    **on("sqs", _queue, "DeleteMessageBatch", action="DeleteMessage"),
    **on("sqs", _queue, "ChangeMessageVisibilityBatch", action="ChangeMessageVisibility"),
    **on(
        "sqs",
        _queue,
        """AddPermission ChangeMessageVisibility CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl
        ListDeadLetterSourceQueues ListQueueTags PurgeQueue RemovePermission SetQueueAttributes TagQueue UntagQueue""",
    ),
    **on("sqs", anything, "ListQueues"),
}


def _topic(call: Call, _account: Account) -> str:
    """TargetArn first, as moto takes it where a call has both (AWS refuses that call)."""
    names = ("TargetArn", "TopicArn", "ResourceArn")
    return str(next((call.parameters[name] for name in names if call.parameters.get(name)), "*"))


def topic_key(account: Account, topic: str, region: str) -> Iterator[Need]:
    """A publisher to an encrypted topic: GenerateDataKey and Decrypt (SNS developer guide, "Key management")."""
    key = getattr(account.topic(topic, region), "kms_master_key_id", None)
    yield from kms.use(account, "GenerateDataKey Decrypt", key, "sns", region, {"aws:sns:topicArn": (topic,)})


def _published(call: Call, account: Account) -> Iterator[Need]:
    yield from topic_key(account, _topic(call, account), call.region)


def _subscription(call: Call) -> Keys:
    return given(call.parameters, {"sns:protocol": "Protocol", "sns:endpoint": "Endpoint"})


SNS: Operations = {
    **on("sns", _topic, "Publish", also=_published),
    **on("sns", _topic, "PublishBatch", action="Publish", also=_published),
    **on("sns", _topic, "Subscribe", keys=_subscription),
    **on("sns", arn("sns", "{Name}"), "CreateTopic"),
    **on(
        "sns",
        _topic,
        """AddPermission ConfirmSubscription DeleteTopic GetDataProtectionPolicy GetTopicAttributes
        ListSubscriptionsByTopic ListTagsForResource PutDataProtectionPolicy RemovePermission SetTopicAttributes
        TagResource UntagResource""",
    ),
    **on(
        "sns",
        anything,
        "GetSubscriptionAttributes ListSubscriptions ListTopics SetSubscriptionAttributes Unsubscribe",
    ),
}
