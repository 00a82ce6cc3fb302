"""Physical names: `omnix-ai-{env}-{resource}`, and nothing else decides a name.

Pure. A name that a service would refuse raises `InvalidNameError` here, before any resource; nothing is ever
truncated, because two truncated names can be the same name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

PROJECT = "omnix-ai"

_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


class InvalidNameError(ValueError):
    """A physical name that its service would refuse; the message names the limit."""


@dataclass(frozen=True)
class Limit:
    """What a service accepts: the shortest and longest name, its characters, and where AWS says so."""

    longest: int
    pattern: str
    source: str
    shortest: int = 1


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "role": Limit(64, r"[\w+=,.@-]+", "IAM CreateRole"),
        "policy": Limit(128, r"[\w+=,.@-]+", "IAM PutRolePolicy"),
        "function": Limit(64, r"[A-Za-z0-9_-]+", "Lambda CreateFunction"),
        "bucket": Limit(63, r"[a-z0-9][a-z0-9-]*[a-z0-9]", "S3 bucket naming rules", shortest=3),
        "table": Limit(255, r"[A-Za-z0-9_.-]+", "DynamoDB CreateTable", shortest=3),
        "secret": Limit(512, r"[A-Za-z0-9/_+=.@-]+", "Secrets Manager CreateSecret"),
        "parameter": Limit(1011, r"(?:/[A-Za-z0-9_.-]+){1,15}", "SSM PutParameter: 1011 characters, 15 levels"),
        "key_alias": Limit(256, r"alias/[A-Za-z0-9/_-]+", "KMS CreateAlias"),
        "log_group": Limit(512, r"[A-Za-z0-9_/.#-]+", "CloudWatch Logs CreateLogGroup"),
        "alarm": Limit(255, r"[^\x00-\x1f]+", "CloudWatch PutMetricAlarm"),
        "dashboard": Limit(255, r"[A-Za-z0-9_-]+", "CloudWatch PutDashboard"),
        "insight_rule": Limit(128, r"[\x20-\x7e]+", "CloudWatch PutInsightRule"),
        "state_machine": Limit(80, r"[A-Za-z0-9_-]+", "Step Functions CreateStateMachine"),
        "queue": Limit(80, r"[A-Za-z0-9_-]+", "SQS CreateQueue"),
        "topic": Limit(256, r"[A-Za-z0-9_-]+", "SNS CreateTopic"),
        "vault": Limit(50, r"[A-Za-z0-9_-]+", "Backup CreateBackupVault", shortest=2),
        "framework": Limit(256, r"[A-Za-z][A-Za-z0-9_]*", "Backup CreateFramework"),
        "report_plan": Limit(256, r"[A-Za-z][A-Za-z0-9_]*", "Backup CreateReportPlan"),
        "restore_testing": Limit(50, r"[A-Za-z0-9_]+", "Backup restore testing plan and selection names"),
        "event_rule": Limit(64, r"[A-Za-z0-9_.-]+", "EventBridge PutRule"),
        "backup_plan": Limit(50, r"[A-Za-z0-9_.-]+", "Backup plan and selection names"),
        "budget": Limit(100, r"[^:\\]+", "Budgets CreateBudget"),
        "inference_profile": Limit(64, r"(?:[0-9a-zA-Z][ _-]?)+", "Bedrock CreateInferenceProfile"),
        "anomaly": Limit(1024, r".+", "Cost Explorer CreateAnomalyMonitor and CreateAnomalySubscription"),
        "rest_api": Limit(1024, r".+", "API Gateway CreateRestApi"),
        "usage_plan": Limit(1024, r".+", "API Gateway CreateUsagePlan"),
        "api_key": Limit(1024, r".+", "API Gateway CreateApiKey"),
    }
)


def checked(kind: str, name: str) -> str:
    """`name` itself if the service behind `kind` (a key of `LIMITS`) accepts it; else `InvalidNameError`."""
    limit = LIMITS[kind]
    if not limit.shortest <= len(name) <= limit.longest:
        raise InvalidNameError(
            f"{kind} name {name!r} has {len(name)} characters; "
            f"{limit.source} accepts {limit.shortest} to {limit.longest}"
        )
    if not re.fullmatch(limit.pattern, name, flags=re.ASCII):
        raise InvalidNameError(f"{kind} name {name!r} does not match {limit.pattern} ({limit.source})")
    return name


@dataclass(frozen=True)
class Names:
    """Every physical name of one environment in one account and region."""

    environment: str
    account_id: str
    region: str

    @property
    def prefix(self) -> str:
        """`omnix-ai-{env}`: what every name of this environment starts with."""
        return f"{PROJECT}-{self.environment}"

    def in_region(self, region: str) -> "Names":
        """The same environment's names in another region of its account: ARNs, roles and buckets bear that region."""
        return replace(self, region=region)

    def of(self, kind: str, resource: str) -> str:
        """`omnix-ai-{env}-{resource}`, for the kinds of `LIMITS` that have no method of their own here."""
        if not _WORD.match(resource):
            raise InvalidNameError(f"{resource!r} is not lower-case words joined by single hyphens")
        return checked(kind, f"{self.prefix}-{resource}")

    def underscored(self, kind: str, resource: str) -> str:
        """`omnix_ai_{env}_{resource}`, for the kinds whose service takes no hyphen."""
        return checked(kind, f"{self.prefix}-{resource}".replace("-", "_"))

    def function(self, function: str) -> str:
        """`omnix-ai-{env}-{function}`."""
        return self.of("function", function)

    def table(self, table: str) -> str:
        """`omnix-ai-{env}-{table}`."""
        return self.of("table", table)

    def role(self, role: str) -> str:
        """IAM is global in an account: the region keeps two regions of one account apart."""
        return self.of("role", f"{role}-{self.region}")

    def bucket(self, bucket: str) -> str:
        """Bucket names are global in AWS: account and region make them unique."""
        return self.of("bucket", f"{bucket}-{self.account_id}-{self.region}")

    def key_alias(self, key: str) -> str:
        """`alias/omnix-ai-{env}-{key}`."""
        return checked("key_alias", f"alias/{self.prefix}-{key}")

    def alarm(self, alarm: str) -> str:
        """`omnix-ai-{env}-{alarm}`."""
        return self.of("alarm", alarm)

    def function_log_group(self, function: str) -> str:
        """`/aws/lambda/{function}`: where Lambda writes when nothing else is said."""
        return checked("log_group", f"/aws/lambda/{self.function(function)}")

    def log_group(self, area: str) -> str:
        """`/omnix-ai/{env}/{area}`, for log groups whose name no service dictates (access logs)."""
        return checked("log_group", f"/{PROJECT}/{self.environment}/{area}")

    @property
    def parameter_prefix(self) -> str:
        """`/omnix-ai/{env}`: every parameter of the environment is below it."""
        return f"/{PROJECT}/{self.environment}"

    def parameter(self, area: str, *levels: str) -> str:
        """`/omnix-ai/{env}/{area}/{name}`."""
        return checked("parameter", "/".join((self.parameter_prefix, area, *levels)))

    def secret(self, secret: str) -> str:
        """`omnix-ai/{env}/{SECRET}`.

        Secrets Manager appends `-` and six characters in the ARN; a name that ends so itself makes partial
        ARNs ambiguous, and AWS advises against it.
        """
        if re.search(r"-[A-Za-z0-9]{6}\Z", secret):
            raise InvalidNameError(f"secret name {secret!r} ends like an ARN's random suffix")
        return checked("secret", f"{PROJECT}/{self.environment}/{secret}")

    def arn(self, service: str, resource: str) -> str:
        """`arn:aws:{service}:{region}:{account}:{resource}`, for policies made before their resource."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def log_group_arn(self, name: str) -> str:
        """ARN of a log group, without the `:*` that its streams add."""
        return self.arn("logs", f"log-group:{name}")

    def function_arn(self, function: str) -> str:
        """Unqualified ARN of a function."""
        return self.arn("lambda", f"function:{self.function(function)}")

    def parameter_arn(self, parameter: str) -> str:
        """ARN of a full parameter path: the path's own slash follows `parameter` directly."""
        return self.arn("ssm", f"parameter{parameter}")
