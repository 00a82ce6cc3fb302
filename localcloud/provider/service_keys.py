"""Whether a service that is to send to a topic or queue may use the key that encrypts it.

AWS takes the alarm, rule, budget or notification all the same and then loses every message in silence: "Encrypted
topics" of the SNS developer guide, "Key management" of SQS's. A key's policy is there before what it encrypts, so
refusing here costs no order of creation.
"""

from botocore.exceptions import ClientError

from localcloud.iam.evaluate import Policies, evaluate
from localcloud.iam.policy import parse
from localcloud.iam.request import Principal, Request
from localcloud.provider.errors import is_missing
from localcloud.provider.resource import Scope

_ARN_PARTS = 6
_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")


def fault(scope: Scope, service: str, target_arn: str, source_arn: str) -> str | None:
    """What is wrong, or None: also where the target is neither, not encrypted by a key, or not there.

    `service`: the sender (`events.amazonaws.com`); `source_arn`: the rule, alarm, … it sends for.
    """
    parts = target_arn.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[2] not in {"sns", "sqs"}:
        return None
    try:
        key = _key(scope, target_arn, parts)
        if not key:
            return None
        managed = key.rpartition(":")[2].startswith("alias/aws/")
        allowed = not managed and all(_allows(scope, key, parts, service, action, source_arn) for action in _ACTIONS)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    if allowed:
        return None
    why = (
        "its policy cannot name a service" if managed else f"its policy does not let {service} {' and '.join(_ACTIONS)}"
    )
    return f"{target_arn} is encrypted by {key}, and {why}: AWS would accept this and deliver nothing"


def _key(scope: Scope, arn: str, parts: list[str]) -> str | None:
    client = scope.cloud.client(parts[2], parts[3])
    if parts[2] == "sns":
        found = client.get_topic_attributes(TopicArn=arn)["Attributes"]
    else:
        url = client.get_queue_url(QueueName=parts[5])["QueueUrl"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"]).get("Attributes", {})
    return found.get("KmsMasterKeyId") or None


def _allows(scope: Scope, key: str, parts: list[str], service: str, action: str, source_arn: str) -> bool:
    keys = scope.cloud.client("kms", parts[3])
    about = keys.describe_key(KeyId=key)["KeyMetadata"]
    policy = keys.get_key_policy(KeyId=about["KeyId"], PolicyName="default")["Policy"]
    sent = {
        "aws:sourcearn": (source_arn,),
        "aws:sourceaccount": (scope.account_id,),
        "kms:viaservice": (f"{parts[2]}.{parts[3]}.amazonaws.com",),
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (service,),
    }
    request = Request(Principal(service, scope.account_id, "service"), action, about["Arn"], sent)
    own = Policies(resource=parse(policy, owner=f"policy of {about['Arn']}"))
    return evaluate(request, own, trust="resource-only").allowed
