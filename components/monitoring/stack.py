"""`MonitoringStack`: where alarms go, which there are, and the dashboard."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.bedrock.settings import FEATURES
from components.iam import policy_json
from components.monitoring.alarms import (
    Alarm,
    Thresholds,
    api_alarms,
    dead_letter_alarms,
    function_alarms,
    table_alarms,
)
from components.monitoring.backup_alarms import Backups, backup_alarms
from components.monitoring.dashboard import DashboardContent, dashboard_body
from components.monitoring.metrics import Api, Function, Metric, ModelCalls, Queue, Table
from components.monitoring.model_alarms import ModelThresholds, model_alarms
from components.monitoring.tenant_metrics import RULES, TenantRule
from components.monitoring.topic import topic_statements
from components.naming import Names
from components.tags import component_tags

COMPONENT = "MonitoringStack"


@dataclass(frozen=True)
class ModelsWatched:
    """The allowed models' ids, the log group of the function that calls them, and the day's limit."""

    ids: Sequence[str]
    log_group: str
    daily_budget_usd: float
    thresholds: ModelThresholds = field(default_factory=ModelThresholds)


@dataclass(frozen=True)
class MonitoringStackArgs:
    """What is watched, by physical name.

    Names are plain values, made by `Names` before any resource exists, and so an alarm's text can hold them.
    `tables` maps logical names to the names of their indexes; `functions` holds what `ApiStack` and others
    run; `budgets_note` is the dashboard's line about cost. The key's policy lets cloudwatch, backup and
    budgets use it, or their messages are lost without a trace.
    """

    names: Names
    key_arn: pulumi.Input[str]
    alarm_emails: Sequence[str]
    api_name: str
    stage_name: str
    functions: Sequence[Function]
    tables: Mapping[str, Sequence[str]]
    backups: Backups
    models: ModelsWatched
    budgets_note: str
    dead_letter_queues: Sequence[str] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)


class MonitoringStack(pulumi.ComponentResource):
    """The environment's eyes.

    Makes: `aws:sns:Topic` (CMK, policy: this account's alarms, backups and budgets, TLS only), an
    `aws:sns:TopicSubscription` an e-mail address, an `aws:cloudwatch:MetricAlarm` each of API errors and
    latency, function errors, throttles, durations and iterator age, dead letters, table throttles and system
    errors, backups, copies, restores and their validation, and calls of models; an
    `aws:cloudwatch:ContributorInsightRule` each of model calls, their cost, tokens and latency by tenant; one
    `aws:cloudwatch:Dashboard`.
    """

    topic_arn: pulumi.Output[str]
    dashboard_name: pulumi.Output[str]
    alarm_arns: pulumi.Output[dict[str, str]]  # alarm key -> ARN

    def __init__(self, name: str, args: MonitoringStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:MonitoringStack", name, None, opts)
        self._name, self._args = name, args
        topic = self._topic()
        for address in args.alarm_emails:
            self._subscription(topic, address)
        alarms = {alarm.key: self._alarm(alarm, topic) for alarm in alarm_definitions(args)}
        self.topic_arn = topic.arn
        self.alarm_arns = pulumi.Output.all(**{key: alarm.arn for key, alarm in alarms.items()})
        for rule in RULES:
            self._tenant_rule(rule)
        self.dashboard_name = self._dashboard().dashboard_name
        self.register_outputs({"topicArn": self.topic_arn, "dashboardName": self.dashboard_name})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _topic(self) -> aws.sns.Topic:
        names = self._args.names
        topic = names.of("topic", "alarms")
        # The ARN is made from the name, so that the policy is part of the topic: who publishes to
        # `topic_arn` depends on both.
        statements = topic_statements(names.arn("sns", topic), names.account_id, names.region)
        return aws.sns.Topic(
            f"{self._name}-topic",
            name=topic,
            display_name=f"OMNIX AI {names.environment} alarms",
            kms_master_key_id=self._args.key_arn,
            policy=policy_json(*statements),
            tags=component_tags(COMPONENT),
            opts=self._child(),
        )

    def _subscription(self, topic: aws.sns.Topic, address: str) -> None:
        """SNS mails the address a link first: the subscription is pending until somebody follows it."""
        aws.sns.TopicSubscription(
            f"{self._name}-email-{re.sub(r'[^a-z0-9]+', '-', address.lower())}",
            topic=topic.arn,
            protocol="email",
            endpoint=address,
            opts=self._child(),
        )

    def _alarm(self, alarm: Alarm, topic: aws.sns.Topic) -> aws.cloudwatch.MetricAlarm:
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-alarm-{alarm.key}",
            name=self._args.names.alarm(alarm.key),
            alarm_description=alarm.reason,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.datapoints,
            treat_missing_data=alarm.treat_missing_data,
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            tags=component_tags(COMPONENT),
            opts=self._child(),
            **alarm_source(alarm),
        )

    def _rule_name(self, rule: TenantRule) -> str:
        return self._args.names.of("insight_rule", rule.key)

    def _tenant_rule(self, rule: TenantRule) -> None:
        definition = rule.definition(self._args.models.log_group)
        aws.cloudwatch.ContributorInsightRule(
            f"{self._name}-rule-{rule.key}",
            rule_name=self._rule_name(rule),
            rule_state="ENABLED",
            rule_definition=json.dumps(definition, sort_keys=True, separators=(",", ":")),
            tags=component_tags(COMPONENT),
            # versions of the provider update the state alone, and none reads a definition back: a new one is made
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["ruleDefinition"], delete_before_replace=True),
        )

    def _dashboard(self) -> aws.cloudwatch.Dashboard:
        args = self._args
        content = DashboardContent(
            environment=args.names.environment,
            region=args.names.region,
            api=Api(args.api_name, args.stage_name),
            functions=args.functions,
            tables=watched_tables(args),
            models=args.models.ids,
            features=FEATURES,
            model_log_group=args.models.log_group,
            tenant_rules=[self._rule_name(rule) for rule in RULES],
            alarm_arns=[
                args.names.arn("cloudwatch", f"alarm:{args.names.alarm(alarm.key)}")
                for alarm in alarm_definitions(args)
            ],
            budgets=args.budgets_note,
        )
        return aws.cloudwatch.Dashboard(
            f"{self._name}-dashboard",
            # one a stack, so it bears the stack's own name
            dashboard_name=args.names.prefix,
            dashboard_body=json.dumps(dashboard_body(content), sort_keys=True, separators=(",", ":")),
            opts=self._child(),
        )


def watched_tables(args: MonitoringStackArgs) -> list[Table]:
    """The tables by logical name, in order."""
    return [Table(logical, args.names.table(logical), tuple(args.tables[logical])) for logical in sorted(args.tables)]


def alarm_definitions(args: MonitoringStackArgs) -> list[Alarm]:
    """Every alarm of the stack. Pure."""
    return [
        *api_alarms(Api(args.api_name, args.stage_name), args.thresholds),
        *(alarm for function in args.functions for alarm in function_alarms(function, args.thresholds)),
        *(alarm for table in watched_tables(args) for alarm in table_alarms(table, args.thresholds)),
        *(alarm for queue in args.dead_letter_queues for alarm in dead_letter_alarms(Queue(queue))),
        *backup_alarms(args.backups),
        *model_alarms(ModelCalls(args.names.environment), args.models.daily_budget_usd, args.models.thresholds),
    ]


def alarm_source(alarm: Alarm) -> dict[str, Any]:
    """The arguments that say what an alarm watches: one metric, or an expression over several."""
    if alarm.expression is None:
        metric = alarm.metrics["m"]
        return {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "period": metric.period,
            **_statistic(metric.stat),
        }
    result = {"id": "result", "expression": alarm.expression, "label": alarm.label, "return_data": True}
    inputs = [_query(id_, alarm.metrics[id_]) for id_ in sorted(alarm.metrics)]
    return {"metric_queries": [result, *inputs]}


def _statistic(stat: str) -> dict[str, str]:
    """A percentile of a handful of requests is one slow request: such periods leave the state as it is."""
    if stat.startswith("p"):
        return {"extended_statistic": stat, "evaluate_low_sample_count_percentiles": "ignore"}
    return {"statistic": stat}


def _query(id_: str, metric: Metric) -> dict[str, Any]:
    return {
        "id": id_,
        "return_data": False,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "period": metric.period,
            "stat": metric.stat,
        },
    }
