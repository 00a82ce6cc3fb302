"""`Sweep`: what dead functions left behind is finished, also when nobody calls any more."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.lambda_function import LambdaFunction
from components.naming import Names
from components.tags import component_tags

# Money that a dead function holds is nobody's until its reservation lapses: minutes, not hours.
RATE = "rate(5 minutes)"
EVENT = {"source": "omnix.assistant.sweep"}
# The next run does all that this one would have done.
EVENT_AGE_SECONDS = 300


@dataclass(frozen=True)
class SweepArgs:
    """`function`: the one that holds reservations, the assistant."""

    names: Names
    function: LambdaFunction
    component: str


class Sweep(pulumi.ComponentResource):
    """A schedule that has the assistant settle lapsed reservations.

    Makes: `aws:cloudwatch:EventRule` (every five minutes), `aws:lambda:Permission`, `aws:cloudwatch:EventTarget`. No
    dead letters: a run that was lost is repeated by the next, whatever it was to do.
    """

    def __init__(self, name: str, args: SweepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:Sweep", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            name=args.names.of("event_rule", "assistant-sweep"),
            description="Reservations of functions that died are settled",
            schedule_expression=RATE,
            tags=component_tags(args.component),
            opts=child,
        )
        allowed = aws.lambda_.Permission(
            f"{name}-permission",
            statement_id="Sweeps",
            action="lambda:InvokeFunction",
            function=args.function.name,
            qualifier=args.function.alias.name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            target_id="assistant",
            arn=args.function.alias_arn,
            input=json.dumps(EVENT, separators=(",", ":")),
            retry_policy={"maximum_event_age_in_seconds": EVENT_AGE_SECONDS, "maximum_retry_attempts": 1},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )
        self.register_outputs({})
