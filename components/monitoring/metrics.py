"""CloudWatch metrics by the names and dimensions under which AWS emits them. Pure.

A metric with one dimension too many or too few is another metric, one without data, and its alarm never
rings. Hence one function a resource, here, for alarms and dashboard alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

FIVE_MINUTES = 300
HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Metric:
    """A metric and how to read it. `stat` is `Sum`, `Average`, `Maximum`, `pNN`…; `period` in seconds."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(hash=False)
    stat: str
    period: int = FIVE_MINUTES


@dataclass(frozen=True)
class Api:
    """A stage of a REST API, by the API's name: `AWS/ApiGateway` knows no API id."""

    name: str
    stage: str

    def metric(self, name: str, stat: str) -> Metric:
        """Metrics of the stage as a whole: `Count`, `4XXError`, `5XXError`, `Latency`."""
        return Metric("AWS/ApiGateway", name, {"ApiName": self.name, "Stage": self.stage}, stat)


@dataclass(frozen=True)
class Function:
    """A function's alias. `refuses_by_error`: its errors are answers (an authorizer's `Unauthorized`).

    `reads_streams`: Lambda polls streams for it.
    """

    logical: str
    name: str
    alias: str
    timeout_seconds: int
    log_group: str
    refuses_by_error: bool = False
    reads_streams: bool = False

    def metric(self, name: str, stat: str) -> Metric:
        """`Resource` is `function:alias`; without it the metric would count `$LATEST` and old versions too."""
        dimensions = {"FunctionName": self.name, "Resource": f"{self.name}:{self.alias}"}
        return Metric("AWS/Lambda", name, dimensions, stat)


@dataclass(frozen=True)
class Table:
    """A DynamoDB table and the names of its global secondary indexes."""

    logical: str
    name: str
    indexes: tuple[str, ...] = ()

    def metric(self, name: str, stat: str) -> Metric:
        """Metrics of the table itself: `Read-` and `WriteThrottleEvents`, `Consumed…CapacityUnits`."""
        return Metric("AWS/DynamoDB", name, {"TableName": self.name}, stat)

    def index_metric(self, name: str, index: str, stat: str) -> Metric:
        """The same of one index, which the table's own metric leaves out."""
        dimensions = {"TableName": self.name, "GlobalSecondaryIndexName": index}
        return Metric("AWS/DynamoDB", name, dimensions, stat)

    def operation_metric(self, name: str, operation: str, stat: str) -> Metric:
        """Metrics that DynamoDB emits by operation only: `SystemErrors`, `SuccessfulRequestLatency`."""
        return Metric("AWS/DynamoDB", name, {"TableName": self.name, "Operation": operation}, stat)


@dataclass(frozen=True)
class Vault:
    """A backup vault of DynamoDB tables."""

    name: str

    def metrics(self, name: str) -> tuple[Metric, Metric]:
        """A count of jobs by state, by the hour: of the vault, and of the vault's tables.

        AWS documents the dimensions but not in which combinations it emits them; who reads both misses none.
        """
        vault = {"BackupVaultName": self.name}
        tables = {**vault, "ResourceType": "DynamoDB"}
        return (
            Metric("AWS/Backup", name, vault, "Sum", HOUR),
            Metric("AWS/Backup", name, tables, "Sum", HOUR),
        )


@dataclass(frozen=True)
class Queue:
    """An SQS queue."""

    name: str

    def metric(self, name: str, stat: str) -> Metric:
        """Metrics of the queue: `ApproximateNumberOfMessagesVisible`, `ApproximateAgeOfOldestMessage`."""
        return Metric("AWS/SQS", name, {"QueueName": self.name}, stat)


@dataclass(frozen=True)
class ModelCalls:
    """What the assistant says of its calls of models (functions/omnix/costs/metrics.py), in the environment.

    Not `AWS/Bedrock`: that knows no cost, no feature and no refusal of ours.
    """

    environment: str

    def metric(self, name: str, stat: str, period: int = FIVE_MINUTES) -> Metric:
        """Of all models and features."""
        return Metric("Omnix/Ai", name, {"Environment": self.environment}, stat, period)

    def by(self, name: str, model: str, feature: str, stat: str, period: int = FIVE_MINUTES) -> Metric:
        """Of one model for one feature; `model` is its id in the config."""
        dimensions = {"Environment": self.environment, "Model": model, "Feature": feature}
        return Metric("Omnix/Ai", name, dimensions, stat, period)
