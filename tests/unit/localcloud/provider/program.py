"""One of nearly every resource type, deployed by `test_engine`."""

import base64
import hashlib
import json
from pathlib import Path

import pulumi
import pulumi_aws as aws

ACCOUNT = pulumi.Config().require("account")
ARTEFACT = Path(__file__).with_name("artefact.zip")
p = aws.Provider(
    "aws",
    region="eu-central-1",
    allowed_account_ids=[ACCOUNT],
    default_tags={"tags": {"Project": "t", "Environment": "dev"}},
)
o = pulumi.ResourceOptions(provider=p)
S = json.dumps
k = aws.kms.Key(
    "key", description="d", enable_key_rotation=True, deletion_window_in_days=7, tags={"Component": "x"}, opts=o
)
aws.kms.Alias("al", name="alias/shop", target_key_id=k.key_id, opts=o)
t = aws.dynamodb.Table(
    "users",
    name="shop-users",
    hash_key="pk",
    range_key="sk",
    billing_mode="PAY_PER_REQUEST",
    attributes=[{"name": n, "type": "S"} for n in ("pk", "sk", "gsi1pk", "gsi1sk")],
    global_secondary_indexes=[
        {
            "name": "gsi1",
            "key_schemas": [
                {"attribute_name": "gsi1pk", "key_type": "HASH"},
                {"attribute_name": "gsi1sk", "key_type": "RANGE"},
            ],
            "projection_type": "ALL",
        }
    ],
    point_in_time_recovery={"enabled": True},
    ttl={"enabled": True, "attribute_name": "expires_at"},
    stream_enabled=True,
    stream_view_type="NEW_AND_OLD_IMAGES",
    server_side_encryption={"enabled": True, "kms_key_arn": k.arn},
    tags={"Component": "data"},
    opts=o,
)
aws.dynamodb.Table(
    "auto",
    hash_key="pk",
    billing_mode="PROVISIONED",
    read_capacity=2,
    write_capacity=2,
    attributes=[{"name": "pk", "type": "S"}],
    opts=o,
)
sec = aws.secretsmanager.Secret(
    "jwt", name="shop/jwt", kms_key_id=k.arn, recovery_window_in_days=0, tags={"Component": "s"}, opts=o
)
aws.secretsmanager.SecretPolicy(
    "sp",
    secret_arn=sec.arn,
    policy=S(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "secretsmanager:*",
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    ),
    opts=o,
)
tgt = aws.appautoscaling.Target(
    "t",
    min_capacity=1,
    max_capacity=5,
    resource_id=t.name.apply(lambda n: f"table/{n}"),
    scalable_dimension="dynamodb:table:ReadCapacityUnits",
    service_namespace="dynamodb",
    opts=o,
)
aws.appautoscaling.Policy(
    "tp",
    policy_type="TargetTrackingScaling",
    resource_id=tgt.resource_id,
    scalable_dimension=tgt.scalable_dimension,
    service_namespace=tgt.service_namespace,
    target_tracking_scaling_policy_configuration={
        "target_value": 70,
        "predefined_metric_specification": {"predefined_metric_type": "DynamoDBReadCapacityUtilization"},
    },
    opts=o,
)
aws.ssm.Parameter("p1", name="/shop/dev/a", type="String", value="x", opts=o)
aws.ssm.Parameter(
    "p2", name="/shop/dev/b", type="SecureString", value=pulumi.Output.secret("hush"), key_id=k.key_id, opts=o
)


def role(n, svc):
    return aws.iam.Role(
        n,
        name=f"shop-{n}",
        assume_role_policy=S(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": svc}, "Action": "sts:AssumeRole"}],
            }
        ),
        tags={"Component": "r"},
        opts=o,
    )


r = role("fn", "lambda.amazonaws.com")
pol = aws.iam.Policy(
    "pol",
    policy=t.arn.apply(
        lambda a: S(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": a}]}
        )
    ),
    opts=o,
)
aws.iam.RolePolicyAttachment("att", role=r.name, policy_arn=pol.arn, opts=o)
aws.iam.RolePolicy(
    "rp",
    role=r.id,
    policy=t.arn.apply(
        lambda a: S(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": a}]}
        )
    ),
    opts=o,
)
b = aws.s3.Bucket("art", bucket="shop-artefacts-eu-central-1", force_destroy=True, tags={"Component": "d"}, opts=o)
v = aws.s3.BucketVersioning("bv", bucket=b.bucket, versioning_configuration={"status": "Enabled"}, opts=o)
aws.s3.BucketPublicAccessBlock(
    "pab",
    bucket=b.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
    opts=o,
)
aws.s3.BucketServerSideEncryptionConfiguration(
    "sse",
    bucket=b.id,
    rules=[
        {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": k.arn},
            "bucket_key_enabled": True,
        }
    ],
    opts=o,
)
aws.s3.BucketOwnershipControls("oc", bucket=b.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=o)
aws.s3.BucketPolicy(
    "bp",
    bucket=b.id,
    policy=b.arn.apply(
        lambda a: S(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [a, a + "/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            }
        )
    ),
    opts=o,
)
aws.s3.BucketLifecycleConfiguration(
    "lc",
    bucket=b.id,
    rules=[
        {
            "id": "old",
            "status": "Enabled",
            "noncurrent_version_expiration": {"noncurrent_days": 30, "newer_noncurrent_versions": 5},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            "filter": {"prefix": ""},
        }
    ],
    opts=o,
)
z = ARTEFACT.read_bytes()
h = base64.b64encode(hashlib.sha256(z).digest()).decode()
ob = aws.s3.BucketObjectv2(
    "zip",
    bucket=b.bucket,
    key="functions/f.zip",
    source=pulumi.FileAsset(str(ARTEFACT)),
    source_hash=h,
    opts=pulumi.ResourceOptions(provider=p, depends_on=[v]),
)
lg = aws.cloudwatch.LogGroup(
    "lg", name="/aws/lambda/shop-f", retention_in_days=7, kms_key_id=k.arn, tags={"Component": "d"}, opts=o
)
f = aws.lambda_.Function(
    "f",
    name="shop-f",
    role=r.arn,
    handler="handler.handler",
    runtime="python3.13",
    architectures=["arm64"],
    s3_bucket=b.bucket,
    s3_key=ob.key,
    s3_object_version=ob.version_id,
    source_code_hash=h,
    publish=True,
    memory_size=256,
    timeout=29,
    environment={"variables": {"AB": pulumi.Config().get("a") or "1"}},
    tracing_config={"mode": "Active"},
    logging_config={
        "log_format": "JSON",
        "log_group": lg.name,
        "application_log_level": "INFO",
        "system_log_level": "WARN",
    },
    tags={"Component": "f"},
    opts=o,
)
al = aws.lambda_.Alias("live", name="live", function_name=f.name, function_version=f.version, opts=o)
aws.lambda_.ProvisionedConcurrencyConfig(
    "pc", function_name=al.function_name, qualifier=al.name, provisioned_concurrent_executions=1, opts=o
)
cw = role("cw", "apigateway.amazonaws.com")
acct = aws.apigateway.Account("acct", cloudwatch_role_arn=cw.arn, opts=o)
body = al.invoke_arn.apply(
    lambda u: S(
        {
            "openapi": "3.0.1",
            "info": {"title": "t", "version": "1"},
            "paths": {
                "/x/{id}": {
                    "get": {
                        "operationId": "x",
                        "responses": {"200": {"description": "ok"}},
                        "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": u},
                    },
                    "x-amazon-apigateway-any-method": {
                        "responses": {"405": {"description": "no"}},
                        "x-amazon-apigateway-integration": {
                            "type": "mock",
                            "requestTemplates": {"application/json": "{}"},
                        },
                    },
                }
            },
        }
    )
)
api = aws.apigateway.RestApi(
    "api",
    name="shop-api",
    body=body,
    api_key_source="AUTHORIZER",
    endpoint_configuration={"types": "REGIONAL"},
    tags={"Component": "api"},
    opts=o,
)
aws.lambda_.Permission(
    "perm",
    statement_id="gw",
    action="lambda:InvokeFunction",
    function=f.name,
    qualifier=al.name,
    principal="apigateway.amazonaws.com",
    source_arn=api.execution_arn.apply(lambda a: a + "/*"),
    opts=o,
)
gr = aws.apigateway.Response(
    "gr", rest_api_id=api.id, response_type="DEFAULT_4XX", response_templates={"application/json": "{}"}, opts=o
)
dep = aws.apigateway.Deployment(
    "dep",
    rest_api=api.id,
    triggers={"h": body.apply(lambda s: hashlib.sha256(s.encode()).hexdigest())},
    opts=pulumi.ResourceOptions(provider=p, depends_on=[gr]),
)
alog = aws.cloudwatch.LogGroup("alog", name="/aws/apigateway/shop", retention_in_days=7, opts=o)
st = aws.apigateway.Stage(
    "st",
    rest_api=api.id,
    deployment=dep.id,
    stage_name="dev",
    variables={"a": "b"},
    xray_tracing_enabled=True,
    access_log_settings={"destination_arn": alog.arn, "format": S({"requestId": "$context.requestId"})},
    tags={"Component": "api"},
    opts=pulumi.ResourceOptions(provider=p, depends_on=[acct]),
)
aws.apigateway.MethodSettings(
    "ms",
    rest_api=api.id,
    stage_name=st.stage_name,
    method_path="*/*",
    settings={
        "metrics_enabled": True,
        "logging_level": "ERROR",
        "throttling_rate_limit": 50,
        "throttling_burst_limit": 100,
    },
    opts=o,
)
up = aws.apigateway.UsagePlan(
    "up",
    name="shop",
    api_stages=[{"api_id": api.id, "stage": st.stage_name}],
    throttle_settings={"rate_limit": 10, "burst_limit": 20},
    quota_settings={"limit": 1000, "period": "DAY"},
    opts=o,
)
ak = aws.apigateway.ApiKey("ak", name="shop", opts=o)
aws.apigateway.UsagePlanKey("upk", key_id=ak.id, key_type="API_KEY", usage_plan_id=up.id, opts=o)
topic = aws.sns.Topic("alarms", name="shop-alarms", kms_master_key_id=k.id, tags={"Component": "m"}, opts=o)
aws.sns.TopicPolicy(
    "tpol",
    arn=topic.arn,
    policy=topic.arn.apply(
        lambda a: S(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudwatch.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": a,
                    }
                ],
            }
        )
    ),
    opts=o,
)
aws.sns.TopicSubscription("sub", topic=topic.arn, protocol="email", endpoint="a@example.com", opts=o)
aws.cloudwatch.MetricAlarm(
    "err",
    name="shop-errors",
    metric_name="Errors",
    namespace="AWS/Lambda",
    dimensions={"FunctionName": f.name},
    statistic="Sum",
    period=60,
    evaluation_periods=5,
    datapoints_to_alarm=3,
    threshold=1,
    comparison_operator="GreaterThanOrEqualToThreshold",
    treat_missing_data="notBreaching",
    alarm_actions=[topic.arn],
    opts=o,
)
aws.cloudwatch.MetricAlarm(
    "math",
    name="shop-math",
    evaluation_periods=1,
    threshold=5,
    comparison_operator="GreaterThanThreshold",
    metric_queries=[
        {"id": "e", "expression": "100*m1/m2", "label": "r", "return_data": True},
        *[
            {
                "id": f"m{i}",
                "metric": {
                    "metric_name": n,
                    "namespace": "AWS/ApiGateway",
                    "period": 300,
                    "stat": "Sum",
                    "dimensions": {"ApiName": "x"},
                },
            }
            for i, n in ((1, "5XXError"), (2, "Count"))
        ],
    ],
    opts=o,
)
aws.cloudwatch.CompositeAlarm(
    "comp",
    alarm_name="shop-comp",
    alarm_rule="ALARM(shop-errors) OR ALARM(shop-math)",
    alarm_actions=[topic.arn],
    opts=o,
)
aws.cloudwatch.ContributorInsightRule(
    "tenants",
    rule_name="shop-tenants",
    rule_definition=S(
        {
            "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
            "LogGroupNames": ["/shop"],
            "LogFormat": "JSON",
            "Contribution": {"Keys": ["$.tenant"], "ValueOf": "$.cost", "Filters": []},
            "AggregateOn": "Sum",
        }
    ),
    tags={"Component": "monitoring"},
    opts=o,
)
aws.cloudwatch.Dashboard(
    "dash",
    dashboard_name="shop",
    dashboard_body=S(
        {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 3, "height": 3, "properties": {"markdown": "x"}}]}
    ),
    opts=o,
)
aws.cloudwatch.LogMetricFilter(
    "mf",
    name="shop-err",
    log_group_name=lg.name,
    pattern='{ $.level = "ERROR" }',
    metric_transformation={"name": "E", "namespace": "T", "value": "1", "default_value": "0"},
    opts=o,
)
aws.cloudwatch.LogResourcePolicy(
    "lrp",
    policy_name="shop",
    policy_document=S(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": ["logs:PutLogEvents"],
                    "Resource": "*",
                }
            ],
        }
    ),
    opts=o,
)
vault = aws.backup.Vault("vault", name="shop", kms_key_arn=k.arn, tags={"Component": "b"}, opts=o)
aws.backup.VaultPolicy(
    "vp",
    backup_vault_name=vault.name,
    policy=S(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
            ],
        }
    ),
    opts=o,
)
aws.backup.VaultNotifications(
    "vn", backup_vault_name=vault.name, sns_topic_arn=topic.arn, backup_vault_events=["BACKUP_JOB_FAILED"], opts=o
)
dr = aws.backup.Vault("drvault", name="shop-dr", region="eu-west-1", opts=o)
plan = aws.backup.Plan(
    "plan",
    name="shop",
    rules=[
        {
            "rule_name": "daily",
            "target_vault_name": vault.name,
            "schedule": "cron(0 3 * * ? *)",
            "lifecycle": {"delete_after": 30},
            "copy_actions": [{"destination_vault_arn": dr.arn, "lifecycle": {"delete_after": 30}}],
        }
    ],
    opts=o,
)
br = role("bk", "backup.amazonaws.com")
aws.backup.Selection("sel", name="shop", plan_id=plan.id, iam_role_arn=br.arn, resources=[t.arn], opts=o)
bud = aws.budgets.Budget(
    "bud",
    name="shop-daily",
    budget_type="COST",
    time_unit="DAILY",
    limit_amount="50",
    limit_unit="USD",
    cost_filters=[{"name": "Service", "values": ["Amazon Bedrock"]}],
    notifications=[
        {
            "comparison_operator": "GREATER_THAN",
            "threshold": 80,
            "threshold_type": "PERCENTAGE",
            "notification_type": "ACTUAL",
            "subscriber_sns_topic_arns": [topic.arn],
        }
    ],
    opts=o,
)
budgets_role = role("acts", "budgets.amazonaws.com")
aws.budgets.BudgetAction(
    "act",
    budget_name=bud.name,
    action_type="APPLY_IAM_POLICY",
    approval_model="AUTOMATIC",
    notification_type="ACTUAL",
    execution_role_arn=budgets_role.arn,
    action_threshold={"action_threshold_type": "PERCENTAGE", "action_threshold_value": 100},
    definition={"iam_action_definition": {"policy_arn": pol.arn, "roles": ["shop-acts"]}},
    subscribers=[{"address": topic.arn, "subscription_type": "SNS"}],
    opts=o,
)
spend = aws.costexplorer.AnomalyMonitor(
    "spend", name="shop-spend", monitor_type="DIMENSIONAL", monitor_dimension="SERVICE", opts=o
)
aws.costexplorer.AnomalySubscription(
    "spend",
    name="shop-spend",
    frequency="IMMEDIATE",
    monitor_arn_lists=[spend.arn],
    subscribers=[{"type": "SNS", "address": topic.arn}],
    threshold_expression={
        "dimension": {
            "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "match_options": ["GREATER_THAN_OR_EQUAL"],
            "values": ["10"],
        }
    },
    opts=o,
)
models = f"arn:aws:bedrock:eu-central-1:{ACCOUNT}:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0"
aws.bedrock.InferenceProfile("haiku", name="shop-haiku", model_source={"copy_from": models}, tags={"A": "b"}, opts=o)
asked = aws.cloudwatch.LogGroup("asked", name="/aws/bedrock/shop", opts=o)
aws.bedrockmodel.InvocationLoggingConfiguration(
    "asked",
    logging_config={
        "text_data_delivery_enabled": False,
        "cloudwatch_config": {"log_group_name": asked.name, "role_arn": role("asked", "bedrock.amazonaws.com").arn},
    },
    opts=o,
)
aws.sfn.StateMachine(
    "machine",
    name="shop-walk",
    role_arn=role("walk", "states.amazonaws.com").arn,
    definition=S({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
    tags={"Component": "migration"},
    opts=o,
)
aws.sqs.Queue("q", name="shop-q", message_retention_seconds=1209600, kms_master_key_id=k.id, opts=o)
pulumi.export("url", st.invoke_url)
pulumi.export("key", ak.value)
pulumi.export("ver", f.version)
pulumi.export("drarn", dr.arn)
aws.s3.BucketLogging("bl", bucket=b.id, target_bucket=b.id, target_prefix="log/", opts=o)
aws.apigateway.RestApiPolicy(
    "rpol",
    rest_api_id=api.id,
    policy=api.execution_arn.apply(
        lambda a: S(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": a + "/*"}
                ],
            }
        )
    ),
    opts=o,
)
