"""`EventsStack`: what follows a write, from the tables' streams to the worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.artefacts import FunctionCode
from components.config import FunctionSizing
from components.config.model import AliasOwner
from components.data.parameters import Parameters
from components.data.table import ItemAction, Table
from components.iam import ANYONE, Grants, Statement, policy_json
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.lifecycle import serving
from components.naming import Names
from components.tags import component_tags

COMPONENT = "EventsStack"
_TAGS = component_tags(COMPONENT)

# Only the items that a reaction is about: every table also keeps copies for its lists, whose changes tell nothing new.
SOURCES: Mapping[str, str] = {"products": "PRODUCT#", "orders": "ORDER#", "inventory": "LEVEL#"}

# What the reactions do with which table's items.
WRITES: Mapping[str, Sequence[ItemAction]] = {
    "analytics": ("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
    "customer-profiles": ("GetItem", "PutItem", "UpdateItem", "ConditionCheckItem"),
    "recommendations": ("BatchGetItem", "PutItem"),
    "inventory": ("UpdateItem",),
}

# A source's table under its old name (`legacyTables`), while it may serve.
LEGACY = "-legacy"

DEAD_LETTERS = "worker-dead-letters"
BATCH = 100
WINDOW_SECONDS = 1
# A try of a failing lane takes milliseconds to seconds: with few, an outage of minutes gives up healthy changes.
RETRIES = 100
LANES = 2
# A stream keeps its records 24 hours: what is given up after six can be handed over again for eighteen.
OLDEST_SECONDS = 6 * 3600
KEPT_SECONDS = 14 * 24 * 3600
# A redrive takes a message, reads its records and waits for the worker: longer than the worker may take.
HIDDEN_SECONDS = 300


@dataclass(frozen=True)
class EventsStackArgs:
    """`tables` by logical name: those of `SOURCES` and those that reactions write."""

    names: Names
    code: FunctionCode
    sizing: FunctionSizing
    tables: Mapping[str, Table]
    parameters: Parameters
    key_arn: pulumi.Input[str]
    log_retention_days: int
    alias_owner: AliasOwner
    locked: bool


class EventsStack(pulumi.ComponentResource):
    """The stream consumer.

    Makes: a `LambdaFunction` `worker` with its grants, an `aws:sqs:Queue` (CMK, TLS only, 14 days) for what it could
    not do, and an `aws:lambda:EventSourceMapping` a table of `SOURCES`.

    The mapping's poller acts with the worker's role alone, reading the stream and writing to the queue, so the key's
    policy names no service for it.
    """

    worker: LambdaFunction
    dead_letter_queue_url: pulumi.Output[str]
    dead_letter_queue_name: str
    mapping_ids: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: EventsStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:EventsStack", name, None, opts)
        self._name, self._args = name, args
        self.dead_letter_queue_name = dead_letter_queue_name(args.names)
        queue = self._queue()
        self.worker = self._worker(queue)
        mappings = {
            f"{source}{suffix}": self._mapping(f"{source}{suffix}", pattern(prefix), stream_arn, queue)
            for source, prefix in SOURCES.items()
            for suffix, stream_arn in zip(("", LEGACY), args.tables[source].stream_arns, strict=False)
        }
        self.dead_letter_queue_url = queue.url
        self.mapping_ids = pulumi.Output.all(**{source: made.uuid for source, made in mappings.items()})
        self.register_outputs({"workerName": self.worker.name, "deadLetterQueueUrl": self.dead_letter_queue_url})

    def _queue(self) -> aws.sqs.Queue:
        args = self._args
        arn = args.names.arn("sqs", self.dead_letter_queue_name)
        return aws.sqs.Queue(
            f"{self._name}-dead-letters",
            name=self.dead_letter_queue_name,
            kms_master_key_id=args.key_arn,
            message_retention_seconds=KEPT_SECONDS,
            visibility_timeout_seconds=HIDDEN_SECONDS,
            # no queue's messages end here: what comes is the poller's
            redrive_allow_policy=pulumi.Output.json_dumps({"redrivePermission": "denyAll"}),
            policy=policy_json(tls_only(arn)),
            tags=_TAGS,
            opts=serving(self, locked=args.locked),
        )

    def _worker(self, queue: aws.sqs.Queue) -> LambdaFunction:
        args = self._args
        grants = Grants()
        grant(grants, args.tables, args.parameters)
        grants.allow("read-streams", stream_statements(args.names, args.tables, args.key_arn))
        grants.allow("write-dead-letters", dead_letter_statements(args.names, queue.arn, args.key_arn))
        return LambdaFunction(
            f"{self._name}-worker",
            LambdaFunctionArgs(
                names=args.names,
                code=args.code,
                sizing=args.sizing,
                key_arn=args.key_arn,
                log_retention_days=args.log_retention_days,
                alias_owner=args.alias_owner,
                component=COMPONENT,
                description="Keeps roll-ups, profiles and recommendations from the tables' streams",
                grants=grants.statements,
                locked=args.locked,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _mapping(
        self, name: str, wanted: Mapping[str, object], stream_arn: pulumi.Input[str], queue: aws.sqs.Queue
    ) -> aws.lambda_.EventSourceMapping:
        """One table's stream to the alias. A record that keeps failing is isolated, given up and kept in the queue."""
        return aws.lambda_.EventSourceMapping(
            f"{self._name}-stream-{name}",
            event_source_arn=stream_arn,
            function_name=self.worker.alias_arn,
            starting_position="TRIM_HORIZON",
            batch_size=BATCH,
            maximum_batching_window_in_seconds=WINDOW_SECONDS,
            parallelization_factor=LANES,
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=RETRIES,
            maximum_record_age_in_seconds=OLDEST_SECONDS,
            destination_config={"on_failure": {"destination_arn": queue.arn}},
            filter_criteria={"filters": [{"pattern": pulumi.Output.json_dumps(wanted)}]},
            tags=_TAGS,
            # Lambda asks for the role's permissions when a mapping is made.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.worker.grants)),
        )


def dead_letter_queue_name(names: Names) -> str:
    """`omnix-ai-{env}-worker-dead-letters`."""
    return names.of("queue", DEAD_LETTERS)


def grant(grantee: Grants, tables: Mapping[str, Table], parameters: Parameters) -> None:
    """What the reactions read and write, and nothing else."""
    parameters.grant_read(grantee)
    for table, actions in WRITES.items():
        tables[table].grant(grantee, actions)


def stream_statements(names: Names, tables: Mapping[str, Table], key_arn: pulumi.Input[str]) -> Sequence[Statement]:
    """What Lambda's poller does with the worker's role on the streams of `SOURCES` ("DynamoDB streams", execution
    role), each stream under its table's key: here for those tables that no grant on their items opens already.
    """
    return [
        Statement(
            "ReadStreams",
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            [arn for source in SOURCES for arn in tables[source].stream_arns],
        ),
        # has no resource level (Service Authorization Reference)
        Statement("ListStreams", ["dynamodb:ListStreams"], ["*"]),
        Statement(
            "UseKey",
            ["kms:Decrypt"],
            [key_arn],
            {
                "StringEquals": {
                    "kms:EncryptionContext:aws:dynamodb:tableName": [
                        name for source in SOURCES if source not in WRITES for name in tables[source].physical_names
                    ],
                    "kms:ViaService": [f"dynamodb.{names.region}.amazonaws.com"],
                }
            },
        ),
    ]


def dead_letter_statements(
    names: Names, queue_arn: pulumi.Input[str], key_arn: pulumi.Input[str]
) -> Sequence[Statement]:
    """Send to the encrypted queue: a data key to encrypt with, and leave to decrypt it (SQS, key management)."""
    return [
        Statement("SendDeadLetters", ["sqs:SendMessage"], [queue_arn]),
        Statement(
            "UseKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [key_arn],
            {
                "StringEquals": {
                    "kms:EncryptionContext:aws:sqs:arn": [queue_arn],
                    "kms:ViaService": [f"sqs.{names.region}.amazonaws.com"],
                }
            },
        ),
    ]


def pattern(prefix: str) -> dict[str, object]:
    """The filter for records of items whose sort key begins with `prefix`."""
    return {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": prefix}]}}}}


def tls_only(queue_arn: str) -> Statement:
    """Refuses everyone who comes to the queue without TLS."""
    return Statement(
        "TlsOnly",
        # What moves messages, and not `sqs:*`: a slip in the condition must not lock out who could mend it.
        [f"sqs:{action}" for action in ("ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage", "SendMessage")],
        [queue_arn],
        {"Bool": {"aws:SecureTransport": ["false"]}},
        principals=ANYONE,
        effect="Deny",
    )
