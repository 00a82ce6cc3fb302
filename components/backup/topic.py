"""The recovery region's topic: a vault reports to topics of its own region only."""

import re
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.iam import policy_json
from components.monitoring.topic import backup_topic_statements
from components.naming import Names
from components.tags import component_tags


def recovery_topic(
    prefix: str, names: Names, key_arn: pulumi.Input[str], emails: Sequence[str], parent: pulumi.Resource
) -> aws.sns.Topic:
    """Make the topic, under the region's key, and subscribe `emails`; `names` are of the recovery region.

    Each address gets a link of its own for this topic: the subscription is pending until somebody follows it.
    """
    name = names.of("topic", "alarms-dr")
    child = pulumi.ResourceOptions(parent=parent)
    topic = aws.sns.Topic(
        f"{prefix}-topic",
        region=names.region,
        name=name,
        display_name=f"OMNIX AI {names.environment} recovery region",
        kms_master_key_id=key_arn,
        policy=policy_json(*backup_topic_statements(names.arn("sns", name))),
        tags=component_tags("BackupStack"),
        opts=child,
    )
    for address in emails:
        aws.sns.TopicSubscription(
            f"{prefix}-email-{re.sub(r'[^a-z0-9]+', '-', address.lower())}",
            region=names.region,
            topic=topic.arn,
            protocol="email",
            endpoint=address,
            opts=child,
        )
    return topic
