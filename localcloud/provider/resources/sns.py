"""Amazon SNS."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

import json
from typing import ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.tagging import SNS
from localcloud.provider.wire import Properties

_ATTRIBUTES = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
    "contentBasedDeduplication": "ContentBasedDeduplication",
}


class Topic(ResourceType):
    pulumi_type = "aws:sns/topic:Topic"
    label = Label.EXECUTED
    remove = ("sns", "delete_topic", "TopicArn")
    naming = Naming(r"[A-Za-z0-9_-]+(\.fifo)?", 256)
    tagging = SNS
    force_new = frozenset({"fifoTopic", "namePrefix"})
    importable = True
    defaults: ClassVar = {
        "fifoTopic": False,
        "contentBasedDeduplication": False,
        "signatureVersion": 0,
        "maximumMessageSize": 262144,
    }

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return scope.arn("sns", str(inputs["name"]))

    def create(self, scope: Scope, inputs: Properties) -> str:
        fifo = {"Attributes": {"FifoTopic": "true"}} if inputs.get("fifoTopic") else {}
        return str(scope.client("sns").create_topic(Name=inputs["name"], **fifo)["TopicArn"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        sns = scope.client("sns")
        for key, attribute in _ATTRIBUTES.items():
            if key in news and news[key] != olds.get(key):
                value = news[key]
                text = str(value).lower() if isinstance(value, bool) else str(value)
                sns.set_topic_attributes(TopicArn=id, AttributeName=attribute, AttributeValue=text)
            elif key not in news and key in ("displayName", "kmsMasterKeyId") and olds.get(key):
                sns.set_topic_attributes(TopicArn=id, AttributeName=attribute, AttributeValue="")

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("sns").get_topic_attributes(TopicArn=id)["Attributes"]
        return {
            "arn": id,
            "name": id.rsplit(":", 1)[-1],
            "owner": found["Owner"],
            "displayName": found.get("DisplayName") or "",
            "kmsMasterKeyId": found.get("KmsMasterKeyId") or "",
            "fifoTopic": found.get("FifoTopic") == "true",
            # A topic policy set by a TopicPolicy is that resource's, and AWS's own default is nobody's.
            **({"policy": found["Policy"]} if state.get("policy") else {}),
        }


class TopicPolicy(ResourceType):
    id_format = "{arn}"
    pulumi_type = "aws:sns/topicPolicy:TopicPolicy"
    label = Label.STORED
    force_new = frozenset({"arn"})

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        scope.client("sns").set_topic_attributes(TopicArn=id, AttributeName="Policy", AttributeValue=news["policy"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("sns").get_topic_attributes(TopicArn=id)["Attributes"]
        return {"arn": id, "owner": found["Owner"], "policy": found["Policy"]}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Back to AWS's default: the owner may do everything."""
        actions = (
            *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission"),
            *("DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish"),
        )
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in actions],
            "Resource": id,
            "Condition": {"StringEquals": {"AWS:SourceOwner": scope.account_id}},
        }
        policy = json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
        scope.client("sns").set_topic_attributes(TopicArn=id, AttributeName="Policy", AttributeValue=policy)


class TopicSubscription(ResourceType):
    pulumi_type = "aws:sns/topicSubscription:TopicSubscription"
    label = Label.EXECUTED
    remove = ("sns", "unsubscribe", "SubscriptionArn")
    force_new = frozenset({"topic", "protocol", "endpoint"})
    local_only = frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"})
    importable = True
    defaults: ClassVar = {"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False}

    def create(self, scope: Scope, inputs: Properties) -> str:
        made = scope.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            ReturnSubscriptionArn=True,
        )
        return str(made["SubscriptionArn"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        names = {
            "filterPolicy": "FilterPolicy",
            "filterPolicyScope": "FilterPolicyScope",
            "rawMessageDelivery": "RawMessageDelivery",
            "redrivePolicy": "RedrivePolicy",
            "deliveryPolicy": "DeliveryPolicy",
        }
        for key, attribute in names.items():
            if (news.get(key) or None) != (olds.get(key) or None):
                value = str(news.get(key, "")).lower() if key == "rawMessageDelivery" else news.get(key, "{}")
                scope.client("sns").set_subscription_attributes(
                    SubscriptionArn=id, AttributeName=attribute, AttributeValue=value
                )

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("sns").get_subscription_attributes(SubscriptionArn=id)["Attributes"]
        return {
            "arn": id,
            "topic": found["TopicArn"],
            "protocol": found["Protocol"],
            "endpoint": found["Endpoint"],
            "ownerId": found.get("Owner", scope.account_id),
            "pendingConfirmation": found["Protocol"].startswith("email"),
            "confirmationWasAuthenticated": not found["Protocol"].startswith("email"),
            "rawMessageDelivery": found.get("RawMessageDelivery") == "true",
            "filterPolicy": found.get("FilterPolicy") or None,
        }


TYPES = (Topic(), TopicPolicy(), TopicSubscription())
