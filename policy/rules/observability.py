"""What is needed to find out what happened: traces, access logs, alarms that reach someone."""

from collections.abc import Iterator

from policy import types
from policy.model import DEV, PROD, Finding, Resource, Rule, Violation, resource_rule

# without these an incident's requests cannot be found again (P10, N3)
ACCESS_LOG_FIELDS = ("$context.requestId", "$context.status", "$context.identity.sourceIp")


def traced(resource: Resource) -> Iterator[Finding]:
    """Judge X-Ray tracing of functions, stages and state machines."""
    path, wanted = {
        types.FUNCTION: ("tracingConfig.mode", "Active"),
        types.STAGE: ("xrayTracingEnabled", True),
        types.STATE_MACHINE: ("tracingConfiguration.enabled", True),
    }[resource.type]
    if resource.get(path) != wanted:
        yield Violation(f"{path} is {resource.get(path)}, not {wanted}")


def access_logs(stage: Resource) -> Iterator[Finding]:
    """Judge where a stage logs its requests, and what."""
    if not stage.get("accessLogSettings.destinationArn"):
        yield Violation("accessLogSettings has no destination")
        return
    log_format = str(stage.get("accessLogSettings.format"))
    missing = [field for field in ACCESS_LOG_FIELDS if field not in log_format]
    if missing:
        yield Violation(f"the access log's format lacks {', '.join(missing)}")


def data_trace(settings: Resource) -> Iterator[Finding]:
    """Judge whether bodies and headers are logged."""
    for path in ("settings.dataTraceEnabled", "defaultRouteSettings.dataTraceEnabled"):
        if settings.get(path) is True:
            yield Violation(f"{path} is true: passwords and tokens of every request are logged")


def alarm_reaches_someone(alarm: Resource) -> Iterator[Finding]:
    """Judge an alarm's actions."""
    if not alarm.get("alarmActions"):
        yield Violation("alarmActions is empty")
    if alarm.get("actionsEnabled") is False:
        yield Violation("actionsEnabled is false")


def missing_data(alarm: Resource) -> Iterator[Finding]:
    """Judge what silence means to an alarm. A composite alarm has no data of its own."""
    if alarm.get("treatMissingData") is None:
        yield Violation("treatMissingData is not set: the alarm of an idle function stays in INSUFFICIENT_DATA")


_LOGS = {
    "destinationArn": "arn:aws:logs:eu-central-1:111122223333:log-group:/omnix-ai/prod/api/access",
    "format": '{"id":"$context.requestId","status":"$context.status","ip":"$context.identity.sourceIp"}',
}
_SOCKET_LOGS = {**_LOGS, "format": '{"id":"$context.requestId"}'}

RULES: tuple[Rule, ...] = (
    resource_rule(
        "traced",
        traced,
        types=(types.FUNCTION, types.STAGE, types.STATE_MACHINE),
        reason="a slow request cannot be followed through gateway, function and tables",
        fix="switch X-Ray tracing on (tracingConfig.mode Active, xrayTracingEnabled, tracingConfiguration.enabled)",
        failing=DEV(types.FUNCTION, name="omnix-ai-dev-api"),
        passing=DEV(types.FUNCTION, name="omnix-ai-dev-api", tracingConfig={"mode": "Active"}),
        refs=("C2", "P10"),
    ),
    resource_rule(
        "stage-access-logs",
        access_logs,
        types=(types.STAGE, types.HTTP_STAGE),
        reason="without access logs nobody can tell who got an error, or who attacked",
        fix="set accessLogSettings with a destination and a format that has " + ", ".join(ACCESS_LOG_FIELDS),
        failing=PROD(types.STAGE, stageName="prod", accessLogSettings=_SOCKET_LOGS),
        passing=PROD(types.STAGE, stageName="prod", accessLogSettings=_LOGS),
        refs=("P10", "N3"),
    ),
    resource_rule(
        "no-request-data-in-logs",
        data_trace,
        types=(types.METHOD_SETTINGS, types.HTTP_STAGE),
        reason="full request logging writes passwords and tokens into the logs",
        fix="set dataTraceEnabled: false",
        failing=PROD(types.METHOD_SETTINGS, settings={"dataTraceEnabled": True}),
        passing=PROD(types.METHOD_SETTINGS, settings={"dataTraceEnabled": False}),
        refs=("P7", "P10"),
    ),
    resource_rule(
        "alarm-reaches-someone",
        alarm_reaches_someone,
        types=(types.ALARM,),
        reason="an alarm that tells nobody is no alarm",
        fix="set alarmActions to the alarm topic",
        failing=PROD(types.ALARM, name="omnix-ai-prod-api-5xx", alarmActions=[]),
        passing=PROD(types.ALARM, alarmActions=["arn:aws:sns:eu-central-1:111122223333:omnix-ai-prod-alarms"]),
        refs=("P10",),
    ),
    resource_rule(
        "alarm-knows-silence",
        missing_data,
        types=(types.ALARM,),
        reason="an idle function's alarm sticks in INSUFFICIENT_DATA, and a real one looks the same",
        fix="set treatMissingData (notBreaching for errors, breaching for heartbeats)",
        failing=PROD(types.ALARM),
        passing=PROD(types.ALARM, treatMissingData="notBreaching"),
        refs=("P10",),
    ),
)
