"""What services check before they take a role or a key: that it will let them do what they are to do.

Asked of every caller, the operator as well: AWS refuses such a call whoever makes it. Codes and messages are the
services' own, as their users report them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.bedrock.invocation_log import may_write
from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.acting import Acting
from localcloud.enforcement.need import Need
from localcloud.enforcement.services.dynamodb import table_key
from localcloud.enforcement.services.messaging import queue_key
from localcloud.limits.refusal import Refusal
from localcloud.refusals import Rule

type Check = Callable[[Call, Acting], Iterator[str]]


def _lambda_role(call: Call, acting: Acting) -> Iterator[str]:
    """The execution role: its trust, tracing, and where failed events go."""
    function = acting.gate.account.function(str(call.parameters.get("FunctionName")), call.region)
    role = call.parameters.get("Role") or getattr(function, "role", None)
    if not role:
        return
    if not acting.assume("lambda.amazonaws.com", role).allowed:
        yield "The role defined for the function cannot be assumed by Lambda."
        return
    denied = "The provided execution role does not have permissions to call {} on {}"
    if (call.parameters.get("TracingConfig") or {}).get("Mode") == "Active":
        segments, telemetry = Need("xray:PutTraceSegments", "*"), Need("xray:PutTelemetryRecords", "*")
        if not acting.as_role(role, "lambda", [segments, telemetry]).allowed:
            yield denied.format("PutTraceSegments", "XRAY")
    target = (call.parameters.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        service, action = ("sqs", "SendMessage") if ":sqs:" in target else ("sns", "Publish")
        if not acting.as_role(role, "lambda", [Need(f"{service}:{action}", target)]).allowed:
            yield denied.format(action, service.upper())


_READS = {
    "sqs": ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream"),
}


def source_needs(source: str, account: Account) -> list[Need]:
    """What Lambda's poller does with the function's role on an event source (a queue's or a stream's ARN).

    With the key of an encrypted one: "the execution role … also needs kms:Decrypt" (Lambda developer guide, SQS).
    """
    _, _, service, region, _, name = source.split(":", 5)
    needs = [Need(f"{service}:{action}", source) for action in _READS.get(service, ())]
    if service == "sqs":
        return [*needs, *queue_key(account, name, region, "Decrypt")]
    if service == "dynamodb":
        return [*needs, Need("dynamodb:ListStreams", "*"), *table_key(account, source, region)]
    return needs


def _event_source(call: Call, acting: Acting) -> Iterator[str]:
    source = str(call.parameters.get("EventSourceArn") or "")
    named = str(call.parameters.get("FunctionName") or "")
    function = acting.gate.account.function(named.partition(":function:")[2].split(":")[0] or named, call.region)
    if function is None or not source:
        return
    for need in source_needs(source, acting.gate.account):
        if acting.as_role(function.role, function.function_name, [need]).allowed:
            continue
        if ":dynamodb:" in source:
            yield (
                f"Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                "DescribeStream, and ListStreams Actions on your stream in IAM."
            )
        else:
            service, _, action = need.action.partition(":")
            yield f"The provided execution role does not have permissions to call {action} on {service.upper()}"
        return


def _assumable(service: str, find: Callable[[Call], Any], message: str) -> Check:
    def check(call: Call, acting: Acting) -> Iterator[str]:
        role = find(call)
        if role and not acting.assume(service, str(role)).allowed:
            yield message

    return check


def _states_role(call: Call, acting: Acting) -> Iterator[str]:
    """Step Functions says for which machine it asks ("Prevent cross-service confused deputy issue")."""
    machine = f"arn:aws:states:{call.region}:{acting.gate.account.id}:stateMachine:{call.parameters.get('name')}"
    source = {"aws:SourceArn": (machine,), "aws:SourceAccount": (acting.gate.account.id,)}
    if not acting.assume("states.amazonaws.com", str(call.parameters.get("roleArn")), source).allowed:
        yield _STATES


def _log_key(call: Call, acting: Acting) -> Iterator[str]:
    """CloudWatch Logs uses the key as itself, with the group's ARN in the encryption context."""
    key = acting.gate.account.key(call.parameters.get("kmsKeyId"), call.region)
    if key is None:
        return
    group = f"arn:aws:logs:{call.region}:{acting.gate.account.id}:log-group:{call.parameters.get('logGroupName')}"
    context = {"kms:EncryptionContext:aws:logs:arn": (group,), "kms:EncryptionContextKeys": ("aws:logs:arn",)}
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        if not acting.acting(f"logs.{call.region}.amazonaws.com", action, key.arn, context).allowed:
            yield f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{group}'"
            return


def _log_subscription(call: Call, acting: Acting) -> Iterator[str]:
    target = str(call.parameters.get("destinationArn") or "")
    group = f"arn:aws:logs:{call.region}:{acting.gate.account.id}:log-group:{call.parameters.get('logGroupName')}:*"
    source = {"aws:SourceArn": (group,), "aws:SourceAccount": (acting.gate.account.id,)}
    if (
        ":lambda:" in target
        and not acting.acting("logs.amazonaws.com", "lambda:InvokeFunction", target, source).allowed
    ):
        yield (
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
            "your function."
        )


def _notifications(call: Call, acting: Acting) -> Iterator[str]:
    """S3 sends each destination a test event before it takes the configuration."""
    bucket = f"arn:aws:s3:::{call.parameters.get('Bucket')}"
    kinds = {"Queue": "QueueArn", "Topic": "TopicArn", "LambdaFunction": "LambdaFunctionArn"}
    for kind, name in kinds.items():
        for one in (call.parameters.get("NotificationConfiguration") or {}).get(f"{kind}Configurations") or ():
            if not acting.send("s3.amazonaws.com", str(one.get(name)), bucket).allowed:
                yield "Unable to validate the following destination configurations"


def _invocation_log(call: Call, acting: Acting) -> Iterator[str]:
    """Bedrock tries it; the group must be there."""
    config = (call.parameters.get("loggingConfig") or {}).get("cloudWatchConfig") or {}
    group = str(config.get("logGroupName"))
    known = group in acting.gate.account.backend("logs", call.region).groups
    if config and not (known and may_write(acting, call.region, config)):
        yield (
            f"Failed to validate permissions for log group: {group}, with role: {config.get('roleArn')}. Verify the IAM"
            " role permissions are correct."
        )


_SCHEDULER = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
_STATES = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role."
)
_CHECKS: Mapping[str, tuple[Check, str]] = {
    "bedrock:PutModelInvocationLoggingConfiguration": (_invocation_log, "ValidationException"),
    "lambda:CreateFunction": (_lambda_role, "InvalidParameterValueException"),
    "lambda:UpdateFunctionConfiguration": (_lambda_role, "InvalidParameterValueException"),
    "lambda:CreateEventSourceMapping": (_event_source, "InvalidParameterValueException"),
    "logs:CreateLogGroup": (_log_key, "AccessDeniedException"),
    "logs:AssociateKmsKey": (_log_key, "AccessDeniedException"),
    "s3:PutBucketNotificationConfiguration": (_notifications, "InvalidArgument"),
    "logs:PutSubscriptionFilter": (_log_subscription, "InvalidParameterException"),
    **dict.fromkeys(
        ("scheduler:CreateSchedule", "scheduler:UpdateSchedule"),
        (
            _assumable(
                "scheduler.amazonaws.com", lambda call: (call.parameters.get("Target") or {}).get("RoleArn"), _SCHEDULER
            ),
            "ValidationException",
        ),
    ),
    "stepfunctions:CreateStateMachine": (_states_role, "AccessDeniedException"),
}
RULES = tuple(
    Rule(
        f"iam.acting.{subject.replace(':', '.').lower()}",
        "acting",
        subject,
        "a role or key that would not let the service do what it is told to",
        "trust policy, role's policies, key policy",
        f"{subject}: {code} of the service itself",
    )
    for subject, (_, code) in _CHECKS.items()
)


def refuse(call: Call, acting: Acting) -> Refusal | None:
    """The service's refusal of what it could not do later, or None."""
    subject = f"{call.service}:{call.operation}"
    if not acting.gate.enforced or subject not in _CHECKS:
        return None
    check, code = _CHECKS[subject]
    for message in check(call, acting):
        return Refusal(400, code, message, f"iam.acting.{subject.replace(':', '.').lower()}")
    return None
