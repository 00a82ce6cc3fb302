"""What is deployed is watched, logged, backed up and counted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy import types
from policy.model import DEV, PROD, Finding, Resource, Rule, Stack, Violation, each, stack_rule
from policy.references import attached
from policy.values import NotReadableError, readable

# P3: below ten
MOST_TABLES = 9
# kind -> the metrics of which each group needs one, by what they tell
FUNCTION_METRICS: Mapping[str, frozenset[str]] = {
    "errors": frozenset({"Errors"}),
    "throttles": frozenset({"Throttles"}),
    "duration": frozenset({"Duration"}),
}
TABLE_METRICS: Mapping[str, frozenset[str]] = {
    "throttles": frozenset({"ThrottledRequests", "ReadThrottleEvents", "WriteThrottleEvents"}),
    "system errors": frozenset({"SystemErrors"}),
}
API_METRICS: Mapping[str, frozenset[str]] = {
    "5xx": frozenset({"5XXError"}),
    "latency": frozenset({"Latency", "IntegrationLatency"}),
}
QUEUE_METRICS: Mapping[str, frozenset[str]] = {"depth": frozenset({"ApproximateNumberOfMessagesVisible"})}


def metrics_read(alarm: Resource) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (namespace, metric, dimensions) of every metric that an alarm reads; raises NotReadableError."""
    for path in ("", *(f"metricQueries.{index}.metric." for index in range(len(alarm.get("metricQueries") or [])))):
        if not path or alarm.get(path.removesuffix(".")):
            dimensions = alarm.get(f"{path}dimensions") or {}
            named = {key: alarm.get(f"{path}dimensions.{key}") for key in dimensions}
            yield str(alarm.get(f"{path}namespace")), str(alarm.get(f"{path}metricName")), named


def _watched(
    stack: Stack, kinds: Sequence[Resource], namespace: str, dimension: str, wanted: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    found: dict[str, set[str]] = {}
    hidden: NotReadableError | None = None
    for alarm in stack.of(types.ALARM):
        try:
            for space, metric, dimensions in metrics_read(alarm):
                if space == namespace:
                    found.setdefault(str(dimensions.get(dimension)), set()).add(metric)
        except NotReadableError as error:
            hidden = error

    def judge(resource: Resource) -> Iterator[Finding]:
        name = resource.get("name")
        missing = [what for what, any_of in wanted.items() if not any_of & found.get(str(name), set())]
        if missing and hidden:
            raise hidden  # the alarm that cannot be read may be the one
        if missing:
            yield Violation(f"no alarm on its {', '.join(missing)}", resource.urn)

    yield from each(kinds, judge)


def functions_watched(stack: Stack) -> Iterator[Finding]:
    """Judge alarms of functions. An authorizer refuses by raising: its errors are answers, its 500s the gateway's."""

    def judge(function: Resource) -> Iterator[Finding]:
        answers = {"errors"} if _only_authorizes(stack, function) else set()
        wanted = {what: metrics for what, metrics in FUNCTION_METRICS.items() if what not in answers}
        yield from _watched(stack, [function], "AWS/Lambda", "FunctionName", wanted)

    yield from each(stack.of(types.FUNCTION), judge)


def _only_authorizes(stack: Stack, function: Resource) -> bool:
    """Say whether API Gateway may invoke `function` as an authorizer, and nobody as anything else."""
    permissions = attached(stack, types.FUNCTION_PERMISSION, "function", function, by="name")
    return bool(permissions) and all("/authorizers/" in str(item.get("sourceArn")) for item in permissions)


def tables_watched(stack: Stack) -> Iterator[Finding]:
    """Judge alarms of tables."""
    yield from _watched(stack, stack.of(types.TABLE), "AWS/DynamoDB", "TableName", TABLE_METRICS)


def apis_watched(stack: Stack) -> Iterator[Finding]:
    """Judge alarms of REST APIs."""
    yield from _watched(stack, stack.of(types.REST_API), "AWS/ApiGateway", "ApiName", API_METRICS)


def dead_letters_watched(stack: Stack) -> Iterator[Finding]:
    """Judge alarms of dead-letter queues: a message in one is work that was not done."""
    dead = [queue for queue in stack.of(types.QUEUE) if not queue.peek("redrivePolicy")]
    yield from _watched(stack, dead, "AWS/SQS", "QueueName", QUEUE_METRICS)


def tables_backed_up(stack: Stack) -> Iterator[Finding]:
    """Judge that each table of staging and prod is in a backup selection."""

    def judge(table: Resource) -> Iterator[Finding]:
        if table.stack == "dev":
            return
        arn = f":table/{table.get('name')}"
        held = [resource for selection in stack.of(types.BACKUP_SELECTION) for resource in _selected(selection)]
        if any(isinstance(resource, str) and resource.endswith(arn) for resource in held):
            return
        for resource in held:
            readable(resource, "resources")  # what cannot be read may be it
        yield Violation("is in no backup selection", table.urn)

    yield from each(stack.of(types.TABLE), judge)


def _selected(selection: Resource) -> list[Any]:
    resources = selection.properties.get("resources")
    return resources if isinstance(resources, list) else [resources] if resources else []


def functions_logged(stack: Stack) -> Iterator[Finding]:
    """Judge that each function's log group is one of the stack's, and so has retention and a key."""

    def judge(function: Resource) -> Iterator[Finding]:
        wanted = function.get("loggingConfig.logGroup") or f"/aws/lambda/{function.get('name')}"
        groups = stack.of(types.LOG_GROUP)
        if any(group.peek("name") == wanted for group in groups):
            return
        if all(group.get("name") for group in groups):  # raises for a name that cannot be read: it may be the one
            yield Violation(
                f"the stack has no log group {wanted}: Lambda would make it, without end or key", function.urn
            )

    yield from each(stack.of(types.FUNCTION), judge)


def secrets_rotated(stack: Stack) -> Iterator[Finding]:
    """Judge that each secret has a rotation schedule."""

    def judge(secret: Resource) -> Iterator[Finding]:
        if not attached(stack, types.SECRET_ROTATION, "secretId", secret, by="arn"):
            yield Violation("has no rotation", secret.urn)

    yield from each(stack.of(types.SECRET), judge)


def few_tables(stack: Stack) -> Iterator[Finding]:
    """Count the tables."""
    count = len(stack.of(types.TABLE))
    if count > MOST_TABLES:
        yield Violation(f"the stack has {count} tables, more than {MOST_TABLES}")


def dashboard(stack: Stack) -> Iterator[Finding]:
    """Judge that a stack with functions or tables has a dashboard."""
    if stack.of(types.FUNCTION, types.TABLE) and not stack.of(types.DASHBOARD):
        yield Violation("the stack has no dashboard")


def budget(stack: Stack) -> Iterator[Finding]:
    """Judge that a stack with functions has budgets that tell someone, daily and monthly."""
    if not stack.of(types.FUNCTION):
        return
    found = [item for item in stack.of(types.BUDGET) if item.get("notifications")]
    units = {item.get("timeUnit") for item in found}
    missing = [unit for unit in ("DAILY", "MONTHLY") if unit not in units]
    if missing:
        yield Violation(f"the stack has no {' and no '.join(missing)} budget with notifications")


def _alarms(namespace: str, dimension: str, name: str, *metrics: str) -> list[Resource]:
    return [
        PROD(types.ALARM, metric, namespace=namespace, metricName=metric, dimensions={dimension: name})
        for metric in metrics
    ]


_FUNCTION = PROD(types.FUNCTION, name="omnix-ai-prod-api")
_TABLE = PROD(
    types.TABLE,
    name="omnix-ai-prod-orders",
    arn="arn:aws:dynamodb:eu-central-1:111122223333:table/omnix-ai-prod-orders",
)
_API = PROD(types.REST_API, name="omnix-ai-prod-api")
_QUEUE = PROD(types.QUEUE, name="omnix-ai-prod-jobs-dlq")
_SECRET = PROD(types.SECRET, name="omnix-ai/prod/JWT_SECRET")
_BUDGETS = [PROD(types.BUDGET, unit, timeUnit=unit, notifications=[{"threshold": 80}]) for unit in ("DAILY", "MONTHLY")]
BLIND = "what nobody watches fails until a customer calls"

RULES: tuple[Rule, ...] = (
    stack_rule(
        "function-alarms",
        functions_watched,
        reason=BLIND,
        fix="add alarms on Errors, Throttles and Duration of the function",
        failing=(_FUNCTION, *_alarms("AWS/Lambda", "FunctionName", "omnix-ai-prod-api", "Errors")),
        passing=(
            _FUNCTION,
            *_alarms("AWS/Lambda", "FunctionName", "omnix-ai-prod-api", "Errors", "Throttles", "Duration"),
        ),
        refs=("P10", "C2"),
    ),
    stack_rule(
        "table-alarms",
        tables_watched,
        reason=BLIND,
        fix="add alarms on throttles and SystemErrors of the table",
        failing=(_TABLE,),
        passing=(
            _TABLE,
            *_alarms("AWS/DynamoDB", "TableName", "omnix-ai-prod-orders", "ReadThrottleEvents", "SystemErrors"),
        ),
        refs=("P10",),
    ),
    stack_rule(
        "api-alarms",
        apis_watched,
        reason=BLIND,
        fix="add alarms on 5XXError and Latency of the API",
        failing=(_API, *_alarms("AWS/ApiGateway", "ApiName", "omnix-ai-prod-api", "Latency")),
        passing=(_API, *_alarms("AWS/ApiGateway", "ApiName", "omnix-ai-prod-api", "Latency", "5XXError")),
        refs=("P10", "N3"),
    ),
    stack_rule(
        "dead-letter-alarms",
        dead_letters_watched,
        reason="a message in a dead-letter queue is work that was not done, and nobody looks there",
        fix="add an alarm on ApproximateNumberOfMessagesVisible of the queue",
        failing=(_QUEUE,),
        passing=(
            _QUEUE,
            *_alarms("AWS/SQS", "QueueName", "omnix-ai-prod-jobs-dlq", "ApproximateNumberOfMessagesVisible"),
        ),
        refs=("P10", "F5"),
    ),
    stack_rule(
        "table-backed-up",
        tables_backed_up,
        reason="a table outside every selection has point-in-time recovery only, and that ends with the table",
        fix="add the table's ARN to the backup selection",
        failing=(_TABLE, PROD(types.BACKUP_SELECTION, resources=[])),
        passing=(_TABLE, PROD(types.BACKUP_SELECTION, resources=[_TABLE.properties["arn"]])),
        refs=("P11",),
    ),
    stack_rule(
        "function-log-group",
        functions_logged,
        reason="Lambda makes a missing log group itself: without retention, without the environment's key",
        fix="add a LogGroup /aws/lambda/{function} with retention and key",
        failing=(_FUNCTION,),
        passing=(_FUNCTION, PROD(types.LOG_GROUP, name="/aws/lambda/omnix-ai-prod-api")),
        refs=("A3", "P10"),
    ),
    stack_rule(
        "secret-rotated",
        secrets_rotated,
        reason="a secret that leaked once works until it is changed",
        fix="add a SecretRotation for it",
        failing=(_SECRET,),
        passing=(_SECRET, PROD(types.SECRET_ROTATION, after=[_SECRET])),
        refs=("P7",),
    ),
    stack_rule(
        "tables-below-ten",
        few_tables,
        reason="27 tables had grown of which nobody knew which were in use",
        fix="put the new entity into an existing table (workspaces is a single-table design)",
        failing=[DEV(types.TABLE, f"t{index}", name=f"omnix-ai-dev-t{index}") for index in range(MOST_TABLES + 1)],
        passing=[DEV(types.TABLE, f"t{index}", name=f"omnix-ai-dev-t{index}") for index in range(MOST_TABLES)],
        refs=("P3",),
    ),
    stack_rule(
        "dashboard-exists",
        dashboard,
        reason="who is woken by an alarm needs one place to look first",
        fix="add the environment's dashboard",
        failing=(_FUNCTION,),
        passing=(_FUNCTION, PROD(types.DASHBOARD, dashboardName="omnix-ai-prod")),
        refs=("P10",),
    ),
    stack_rule(
        "budget-exists",
        budget,
        reason="a loop of model calls costs a month's money in a night",
        fix="add a daily and a monthly budget with notifications",
        failing=(_FUNCTION,),
        passing=(_FUNCTION, *_BUDGETS),
        refs=("P12",),
    ),
)
