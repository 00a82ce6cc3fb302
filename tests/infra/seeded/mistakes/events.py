"""Mistakes in queues, schedules, rules and streams, beside a sound worker."""
# ruff: noqa: E501 - a table: one mistake a line

import json

from tests.infra.seeded import edits
from tests.infra.seeded.seed import GateName, Seed, resources
from tests.infra.seeded.world import Edit

_ACCOUNT = "777788889999"
_HOME = f"eu-central-1:{_ACCOUNT}"
_KEY = f"arn:aws:kms:{_HOME}:key/security-key"
_TAGS = {"Component": "EventsStack"}
_FUNCTION = f"arn:aws:lambda:{_HOME}:function:omnix-ai-prod-rotation"
_JOBS, _DEAD = (f"arn:aws:sqs:{_HOME}:omnix-ai-prod-{name}" for name in ("jobs", "jobs-dlq"))
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/omnix-ai-prod-scheduler-eu-central-1"
_STREAM = f"arn:aws:dynamodb:{_HOME}:table/omnix-ai-prod-orders/stream/2026-01-01T00:00:00.000"
_SCHEDULE = "aws:scheduler/schedule:Schedule"
_QUEUE = "aws:sqs/queue:Queue"


def _tls(arn: str) -> str:
    row = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [row]})


_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AssumeRole",
                "Effect": "Allow",
                "Principal": {"Service": ["scheduler.amazonaws.com"]},
                "Action": ["sts:AssumeRole"],
                "Condition": {"StringEquals": {"aws:SourceAccount": [_ACCOUNT]}},
            }
        ],
    }
)
# A queue with its dead letters, a schedule that fills it, a rule, and a stream with its reader.
_EVENTS = resources(
    edits.add(_QUEUE, "jobs-dead", {"name": "omnix-ai-prod-jobs-dlq", "kmsMasterKeyId": _KEY, "messageRetentionSeconds": 1209600, "policy": _tls(_DEAD), "tags": _TAGS}),
    edits.add(_QUEUE, "jobs", {"name": "omnix-ai-prod-jobs", "kmsMasterKeyId": _KEY, "visibilityTimeoutSeconds": 180, "policy": _tls(_JOBS), "tags": _TAGS, "redrivePolicy": json.dumps({"deadLetterTargetArn": _DEAD, "maxReceiveCount": 5})}, after=["jobs-dead"]),
    edits.again("monitoring-alarm-api-latency-p99", "jobs-dead-alarm", name="omnix-ai-prod-jobs-dlq", namespace="AWS/SQS", metricName="ApproximateNumberOfMessagesVisible", dimensions={"QueueName": "omnix-ai-prod-jobs-dlq"}),
    edits.add("aws:iam/role:Role", "scheduler-role", {"name": "omnix-ai-prod-scheduler-eu-central-1", "assumeRolePolicy": _TRUST, "tags": _TAGS}),
    edits.add(_SCHEDULE, "reminder", {"name": "omnix-ai-prod-reminder", "scheduleExpression": "at(2030-01-15T09:00:00)", "scheduleExpressionTimezone": "UTC", "actionAfterCompletion": "DELETE", "kmsKeyArn": _KEY, "flexibleTimeWindow": {"mode": "OFF"}, "target": {"arn": f"{_FUNCTION}:live", "roleArn": _ROLE, "input": "{}", "deadLetterConfig": {"arn": _DEAD}}}),
    edits.add("aws:cloudwatch/eventRule:EventRule", "sweep", {"name": "omnix-ai-prod-sweep", "scheduleExpression": "rate(5 minutes)", "tags": _TAGS}),
    edits.add("aws:lambda/eventSourceMapping:EventSourceMapping", "orders-mapping", {"eventSourceArn": _STREAM, "functionName": _FUNCTION, "startingPosition": "TRIM_HORIZON", "batchSize": 100, "maximumRetryAttempts": 5, "destinationConfig": {"onFailure": {"destinationArn": _DEAD}}, "tags": _TAGS}),
)  # fmt: skip


def _seed(name: str, edit: Edit, rule: str, names: str, says: str, gate: GateName = "refusal") -> Seed:
    return Seed(name, "prod", resources(edit), gate, rule, names, says, _EVENTS)


SEEDS = (
    # The incident (A5): one-off reminders with bad at() expressions, rules left behind.
    _seed("a reminder at a time with a zone", edits.put("reminder", "scheduleExpression", "at(2030-01-15T09:00:00Z)"), "scheduler.Schedule.form", "reminder", "at("),
    _seed("a reminder on a day that does not exist", edits.put("reminder", "scheduleExpression", "at(2030-02-30T09:00:00)"), "scheduler.Schedule.form", "reminder", "2030-02-30"),
    _seed("a schedule in Unix cron", edits.put("reminder", "scheduleExpression", "cron(0 9 * * 1)"), "scheduler.Schedule.form", "reminder", "AWS takes 6"),
    _seed("a schedule in a zone that nobody knows", edits.put("reminder", "scheduleExpressionTimezone", "CEST"), "scheduler.Schedule.zone", "reminder", "IANA"),
    _seed("a flexible window without its length", edits.put("reminder", "flexibleTimeWindow.mode", "FLEXIBLE"), "scheduler.Schedule.window", "reminder", "required by mode FLEXIBLE"),
    _seed("a schedule's role of another account", edits.put("reminder", "target.roleArn", "arn:aws:iam::444455556666:role/scheduler"), "scheduler.Schedule.target", "reminder", "a role is passed within its own"),
    _seed("a schedule's target in another region", edits.put("reminder", "target.arn", _FUNCTION.replace("eu-central-1", "eu-west-1")), "scheduler.Schedule.target", "reminder", "its own region"),
    _seed("a schedule whose failures nobody sees", edits.drop("reminder", "target.deadLetterConfig"), "asynchronous-function-dead-letters", "rotation-lambda-function", "set deadLetterConfig", "policy"),
    _seed("a scheduler's role that any account's schedules may use", edits.statement("scheduler-role", "AssumeRole", Condition=None), "service-principal-confined", "scheduler-role", "aws:SourceAccount", "policy"),
    _seed("a rule's rate with a wrong plural", edits.put("sweep", "scheduleExpression", "rate(1 minutes)"), "cloudwatch.EventRule.schedule", "sweep", "the unit is singular for 1"),
    _seed("a one-time rule, which only Scheduler has", edits.put("sweep", "scheduleExpression", "at(2030-01-15T09:00:00)"), "cloudwatch.EventRule.schedule", "sweep", "cron(…) or rate(…)"),
    _seed("a queue without dead letters", edits.drop("jobs", "redrivePolicy"), "queue-dead-letters", "jobs", "set redrivePolicy", "policy"),
    _seed("dead letters that nobody looks at", edits.without("jobs-dead-alarm"), "dead-letter-alarms", "jobs-dead", "ApproximateNumberOfMessagesVisible", "policy"),
    _seed("dead letters in another region", edits.on("jobs", lambda i: i.update(redrivePolicy=i["redrivePolicy"].replace("eu-central-1", "eu-west-1"))), "sqs.Queue.redrive", "jobs", "must be of 777788889999 in eu-central-1"),
    _seed("a FIFO queue without its suffix", edits.put("jobs", "fifoQueue", True), "sqs.Queue.fifo", "jobs", ".fifo"),
    _seed("a queue that hides a message longer than SQS takes", edits.put("jobs", "visibilityTimeoutSeconds", 86400), "sqs.Queue.visibilityTimeoutSeconds-range", "jobs", "0 to 43200"),
    _seed("a queue that takes plain http", edits.drop("jobs", "policy"), "queue-tls", "jobs", "aws:SecureTransport", "policy"),
    _seed("a stream without a place for what fails", edits.drop("orders-mapping", "destinationConfig"), "stream-dead-letters", "orders-mapping", "destinationConfig.onFailure", "policy"),
    _seed("a stream read without a starting position", edits.drop("orders-mapping", "startingPosition"), "lambda.EventSourceMapping.settings", "orders-mapping", "TRIM_HORIZON or LATEST"),
    _seed("a mapping on a table instead of its stream", edits.put("orders-mapping", "eventSourceArn", _STREAM.partition("/stream")[0]), "lambda.EventSourceMapping.source", "orders-mapping", "stream"),
    _seed("a batch beyond what Lambda takes", edits.put("orders-mapping", "batchSize", 20000), "lambda.EventSourceMapping.batchSize", "orders-mapping", "AWS takes 1 to 10000"),
    _seed("queue settings on a stream", edits.put("orders-mapping", "scalingConfig", {"maximumConcurrency": 5}), "lambda.EventSourceMapping.settings", "orders-mapping", "for queues only"),
)  # fmt: skip
