"""A small legacy account, one of each kind, wired as such accounts are: gateway → function → table."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.audit.inventory import inventory
from ops.audit.model import Audit, Finding, Resource, Verdict
from ops.audit.reader import Reader
from ops.audit.run import Scope, survey

REGION = "eu-central-1"
TABLE, FUNCTION, ROLE, BUCKET, SECRET = "legacy-orders", "legacy-orders-fn", "legacy-role", "legacy-files", "legacy-key"
LOG_GROUP = f"/aws/lambda/{FUNCTION}"
WINDOW = timedelta(days=90)
ITEMS = 60
CODE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'old'}\n"

type Clients = Callable[[str, str], Any]


def package(source: str = CODE) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py", (2020, 1, 1, 0, 0, 0)), source)
    return buffer.getvalue()


@dataclass
class LegacyAccount:
    clients: Clients
    account_id: str

    def client(self, service: str) -> Any:
        return self.clients(service, REGION)

    def build(self) -> None:
        self._role()
        self.table()
        self._function()
        self._gateways()
        self._rest()

    def _role(self) -> None:
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document, Tags=[{"Key": "Team", "Value": "old"}])
        everything = {"Effect": "Allow", "Action": ["dynamodb:*", "logs:*", "lambda:*"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        iam.put_role_policy(RoleName=ROLE, PolicyName="tables", PolicyDocument=policy)
        made = iam.create_policy(PolicyName="legacy-extra", PolicyDocument=policy)
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=made["Policy"]["Arn"])
        iam.create_instance_profile(InstanceProfileName="legacy-profile")
        iam.add_role_to_instance_profile(InstanceProfileName="legacy-profile", RoleName=ROLE)

    def table(self) -> None:
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "status", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[{
                "IndexName": "by-status", "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            DeletionProtectionEnabled=True,
            Tags=[{"Key": "Team", "Value": "old"}],
        )  # fmt: skip
        dynamodb.update_time_to_live(
            TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )
        dynamodb.update_continuous_backups(
            TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        for number in range(ITEMS):
            item = {
                "id": {"S": f"o-{number}"},
                "status": {"S": "old"},
                "n": {"N": str(number)},
                "s": {"SS": ["b", "a"]},
            }
            dynamodb.put_item(TableName=TABLE, Item=item)

    def _function(self) -> None:
        aws, logs = self.client("lambda"), self.client("logs")
        aws.create_function(
            FunctionName=FUNCTION, Runtime="python3.13", Role=f"arn:aws:iam::{self.account_id}:role/{ROLE}",
            Handler="index.handler", Code={"ZipFile": package()}, Timeout=9, MemorySize=192,
            Environment={"Variables": {"TABLE_NAME": TABLE}}, Tags={"Team": "old"},
        )  # fmt: skip
        version = aws.publish_version(FunctionName=FUNCTION)["Version"]
        aws.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)
        aws.add_permission(
            FunctionName=FUNCTION, StatementId="gateway", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com", SourceArn=f"arn:aws:execute-api:{REGION}:{self.account_id}:*/*",
        )  # fmt: skip
        stream = self.client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
        aws.create_event_source_mapping(
            FunctionName=FUNCTION, EventSourceArn=stream, StartingPosition="TRIM_HORIZON", BatchSize=7
        )
        logs.create_log_group(logGroupName=LOG_GROUP)
        logs.put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=30)
        logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName="old")
        long_ago = int((datetime.now(UTC) - timedelta(days=10)).timestamp() * 1000)
        logs.put_log_events(
            logGroupName=LOG_GROUP, logStreamName="old", logEvents=[{"timestamp": long_ago, "message": "the last word"}]
        )

    @property
    def function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{self.account_id}:function:{FUNCTION}"

    def _gateways(self) -> None:
        gateway, second = self.client("apigateway"), self.client("apigatewayv2")
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{self.function_arn}/invocations"
        api = gateway.create_rest_api(name="legacy-gateway", description="old")["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        orders = gateway.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"]
        where = {"restApiId": api, "resourceId": orders, "httpMethod": "GET"}
        gateway.put_method(**where, authorizationType="NONE")
        gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        deployment = gateway.create_deployment(restApiId=api)["id"]
        gateway.create_stage(restApiId=api, stageName="v1", deploymentId=deployment, variables={"colour": "blue"})
        gateway.create_usage_plan(name="legacy-plan", apiStages=[{"apiId": api, "stage": "v1"}])
        gateway.create_domain_name(domainName="api.legacy.example", regionalCertificateArn="arn:aws:acm:x")
        gateway.create_base_path_mapping(domainName="api.legacy.example", basePath="shop", restApiId=api, stage="v1")
        other = second.create_api(Name="legacy-http", ProtocolType="HTTP")["ApiId"]
        integration = second.create_integration(
            ApiId=other, IntegrationType="AWS_PROXY", IntegrationUri=self.function_arn, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        second.create_route(ApiId=other, RouteKey="GET /orders", Target=f"integrations/{integration}")
        second.create_stage(ApiId=other, StageName="$default", AutoDeploy=True)

    def _rest(self) -> None:
        self.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.client("secretsmanager").create_secret(Name=SECRET, SecretString="not to be seen")
        events = self.client("events")
        events.put_rule(Name="legacy-nightly", ScheduleExpression="rate(1 day)", State="ENABLED")
        events.put_targets(Rule="legacy-nightly", Targets=[{"Id": "one", "Arn": self.function_arn}])
        self.client("cloudwatch").put_metric_alarm(
            AlarmName="legacy-errors", MetricName="Errors", Namespace="AWS/Lambda", Statistic="Sum", Period=60,
            EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
            Dimensions=[{"Name": "FunctionName", "Value": FUNCTION}],
        )  # fmt: skip

    def audit(self, *, seen_days: int = 30, only: Callable[[Resource], bool] = lambda _: True) -> Audit:
        """Everything that is there, by the audit's own reading, with the verdict `remove`."""
        reader = Reader(self.clients, self.account_id, datetime.now(UTC))
        seen = reader.now - timedelta(days=seen_days)
        found = survey(reader, Scope([REGION], WINDOW)).resources
        findings = [_finding(one.model_copy(update={"first_seen": seen})) for one in found if only(one)]
        return Audit(
            account_id=self.account_id, alias="old-shop", regions=[REGION], made_at=reader.now,
            window_days=WINDOW.days, findings=findings, errors=reader.errors,
        )  # fmt: skip

    def left(self) -> list[str]:
        """What is there, without the secret that only waits for its end."""
        secret = self.client("secretsmanager").describe_secret(SecretId=SECRET)
        gone = {secret["ARN"]} if secret.get("DeletedDate") else set()
        return [one.resource.arn for one in self.audit().findings if one.resource.arn not in gone]

    def picture(self) -> dict[str, Any]:
        """The account's inventory with what tables hold, to compare before and after."""
        reader = Reader(self.clients, self.account_id, datetime.now(UTC))
        found = {one.resource.arn: one.resource.facts for one in inventory(reader, [REGION])}
        backups = self.client("dynamodb").list_backups()["BackupSummaries"]
        return {"resources": found, "backups": sorted(one["BackupArn"] for one in backups), "items": self.items()}

    def items(self, table: str = TABLE) -> list[Any]:
        dynamodb = self.client("dynamodb")
        if table not in dynamodb.list_tables()["TableNames"]:
            return []
        found: list[Any] = dynamodb.scan(TableName=table)["Items"]
        return sorted(found, key=lambda item: str(item["id"]))


def _finding(resource: Resource) -> Finding:
    return Finding(resource=resource, verdict=Verdict.REMOVE, evidence=["nobody uses it"], step="remove it")


def named(names: Iterable[str]) -> Callable[[Resource], bool]:
    wanted = set(names)
    return lambda one: bool({one.name, one.label} & wanted)
