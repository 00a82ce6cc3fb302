"""What reacts and what guards: schedules, rules, mappings, policies, web ACLs; deployed by `test_engine_services`."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

ACCOUNT = pulumi.Config().require("account")
ARTEFACT = Path(__file__).with_name("artefact.zip")
LATER = pulumi.Config().get_bool("later") or False
p = aws.Provider("aws", region="eu-central-1", allowed_account_ids=[ACCOUNT], default_tags={"tags": {"Project": "t"}})
o = pulumi.ResourceOptions(provider=p)


def trusted(name: str, service: str) -> aws.iam.Role:
    """A role that a service may assume, for this account's resources."""
    same = {"StringEquals": {"aws:SourceAccount": ACCOUNT}} if service != "lambda.amazonaws.com" else None
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": same} if same else {})}]}
    return aws.iam.Role(name, name=name, assume_role_policy=json.dumps(document), opts=o)


def allowed(name: str, role: aws.iam.Role, **actions: Any) -> aws.iam.RolePolicy:
    """`actions`: by service, (its actions, the resource)."""
    rows = pulumi.Output.all(**{key: resource for key, (_, resource) in actions.items()})
    policy = rows.apply(
        lambda found: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": [f"{key.split('_')[0]}:{one}" for one in actions[key][0]],
                        "Resource": found[key],
                    }
                    for key in found
                ],
            }
        )
    )
    return aws.iam.RolePolicy(name, role=role.id, name="own", policy=policy, opts=o)


dead = aws.sqs.Queue("dead", name="dead", opts=o)
jobs = aws.sqs.Queue("jobs", name="jobs", visibility_timeout_seconds=180, opts=o)
aws.sqs.QueuePolicy(
    "jobs",
    queue_url=jobs.url,
    policy=jobs.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
                        "Action": "sqs:SendMessage",
                        "Resource": arn,
                    }
                ],
            }
        )
    ),
    opts=o,
)
topic = aws.sns.Topic("alarms", name="alarms", opts=o)
aws.sns.TopicSubscription("jobs", topic=topic.arn, protocol="sqs", endpoint=jobs.arn, opts=o)
table = aws.dynamodb.Table(
    "orders", name="orders", hash_key="pk", billing_mode="PAY_PER_REQUEST",
    attributes=[{"name": "pk", "type": "S"}], stream_enabled=True, stream_view_type="NEW_IMAGE", opts=o,
)  # fmt: skip

worker_role = trusted("worker", "lambda.amazonaws.com")
reads = allowed(
    "worker",
    worker_role,
    sqs=(("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"), jobs.arn),
    sqs_dead=(("SendMessage",), dead.arn),
    dynamodb=(("GetRecords", "GetShardIterator", "DescribeStream"), table.stream_arn),
    dynamodb_list=(("ListStreams",), "*"),
)
bucket = aws.s3.Bucket("code", bucket="code-of-the-shop", force_destroy=True, opts=o)
code = aws.s3.BucketObjectv2("code", bucket=bucket.id, key="f.zip", source=pulumi.FileAsset(str(ARTEFACT)), opts=o)
worker = aws.lambda_.Function(
    "worker", name="worker", role=worker_role.arn, handler="handler.handler", runtime="python3.13", timeout=30,
    s3_bucket=bucket.id, s3_key=code.key, publish=True, opts=o,
)  # fmt: skip
live = aws.lambda_.Alias("live", name="live", function_name=worker.name, function_version=worker.version, opts=o)
after = pulumi.ResourceOptions(provider=p, depends_on=[reads])
aws.lambda_.EventSourceMapping(
    "jobs", event_source_arn=jobs.arn, function_name=live.arn, batch_size=20 if LATER else 10,
    maximum_batching_window_in_seconds=1, function_response_types=["ReportBatchItemFailures"],
    scaling_config={"maximum_concurrency": 5}, opts=after,
)  # fmt: skip
aws.lambda_.EventSourceMapping(
    "orders", event_source_arn=table.stream_arn, function_name=live.arn, starting_position="TRIM_HORIZON",
    bisect_batch_on_function_error=True, maximum_retry_attempts=5,
    destination_config={"on_failure": {"destination_arn": dead.arn}},
    filter_criteria={"filters": [{"pattern": json.dumps({"eventName": ["INSERT"]})}]}, opts=after,
)  # fmt: skip
aws.lambda_.FunctionEventInvokeConfig(
    "worker", function_name=worker.name, qualifier=live.name, maximum_retry_attempts=1,
    destination_config={"on_failure": {"destination": dead.arn}}, opts=after,
)  # fmt: skip

group = aws.scheduler.ScheduleGroup("shop", name="shop", opts=o)
schedules = trusted("schedules", "scheduler.amazonaws.com")
invokes = allowed("schedules", schedules, **{"lambda": (("InvokeFunction",), live.arn)})
aws.scheduler.Schedule(
    "nightly", name="nightly", group_name=group.name, schedule_expression="cron(0 3 * * ? *)",
    schedule_expression_timezone="Europe/Berlin", flexible_time_window={"mode": "OFF"},
    target={"arn": live.arn, "role_arn": schedules.arn, "input": "{}", "dead_letter_config": {"arn": dead.arn}},
    opts=pulumi.ResourceOptions(provider=p, depends_on=[invokes]),
)  # fmt: skip
aws.scheduler.Schedule(
    "once", schedule_expression="at(2027-01-01T00:00:00)", action_after_completion="DELETE" if LATER else None,
    flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 15},
    target={"arn": live.arn, "role_arn": schedules.arn, "retry_policy": {"maximum_retry_attempts": 3}},
    opts=pulumi.ResourceOptions(provider=p, depends_on=[invokes]),
)  # fmt: skip

rule = aws.cloudwatch.EventRule(
    "orders", name="orders", event_pattern=json.dumps({"source": ["shop"], "detail-type": ["order"]}), opts=o
)
aws.cloudwatch.EventTarget(
    "jobs", rule=rule.name, arn=jobs.arn, dead_letter_config={"arn": dead.arn},
    input_transformer={"input_paths": {"id": "$.detail.id"}, "input_template": '{"id": <id>}'}, opts=o,
)  # fmt: skip
clock = aws.cloudwatch.EventRule("clock", schedule_expression="rate(1 hour)" if LATER else "rate(1 minute)", opts=o)
aws.cloudwatch.EventTarget("worker", rule=clock.name, target_id="worker", arn=live.arn, opts=o)
aws.lambda_.Permission(
    "clock", action="lambda:InvokeFunction", function=worker.name, qualifier=live.name,
    principal="events.amazonaws.com", source_arn=clock.arn, opts=o,
)  # fmt: skip

aws.iam.OpenIdConnectProvider(
    "forge", url="https://token.actions.githubusercontent.com", client_id_lists=["sts.amazonaws.com"], opts=o
)

seen = {"cloudwatch_metrics_enabled": True, "metric_name": "shop", "sampled_requests_enabled": True}
limit = {"limit": 2000 if LATER else 1000, "evaluation_window_sec": 60, "aggregate_key_type": "IP"}
acl = aws.wafv2.WebAcl(
    "shop", name="shop", scope="REGIONAL", default_action={"allow": {}}, visibility_config=seen,
    rules=[
        {"name": "rate", "priority": 0, "action": {"block": {}}, "visibility_config": seen,
         "statement": {"rate_based_statement": limit}},
        {"name": "common", "priority": 1, "override_action": {"none": {}}, "visibility_config": seen,
         "statement": {"managed_rule_group_statement": {"vendor_name": "AWS", "name": "AWSManagedRulesCommonRuleSet"}}},
    ],
    opts=o,
)  # fmt: skip
aws.wafv2.WebAcl(
    "edge", name="edge", scope="CLOUDFRONT", region="us-east-1", default_action={"allow": {}}, visibility_config=seen,
    opts=o,
)  # fmt: skip
api = aws.apigateway.RestApi(
    "shop", name="shop", opts=o,
    body=json.dumps({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"get": {
        "responses": {}, "x-amazon-apigateway-integration": {"type": "mock"},
    }}}}),
)  # fmt: skip
deployment = aws.apigateway.Deployment("shop", rest_api=api.id, opts=o)
stage = aws.apigateway.Stage("dev", rest_api=api.id, deployment=deployment.id, stage_name="dev", opts=o)
aws.wafv2.WebAclAssociation("shop", web_acl_arn=acl.arn, resource_arn=stage.arn, opts=o)
log = aws.cloudwatch.LogGroup("waf", name="aws-waf-logs-shop", opts=o)
aws.wafv2.WebAclLoggingConfiguration(
    "shop", resource_arn=acl.arn, log_destination_configs=[log.arn],
    redacted_fields=[{"single_header": {"name": "authorization"}}], opts=o,
)  # fmt: skip
