"""`BudgetStack`: what Bedrock may cost a day and a month."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.budget.action import Approval, BudgetAction, BudgetActionArgs
from components.budget.definitions import EMAILS_PER_NOTIFICATION, Alert, Budget
from components.budget.watch import CostWatch, CostWatchArgs
from components.naming import Names
from components.tags import component_tags

COMPONENT = "BudgetStack"


@dataclass(frozen=True)
class Denial:
    """The only role that calls models, and whether somebody has to approve that it no longer may."""

    role_name: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    approval: Approval


@dataclass(frozen=True)
class BudgetStackArgs:
    """`budgets` as `bedrock_budgets` makes them; `topic_arn` in this account and region; `emails` at most ten.

    AWS Budgets counts the whole account: where environments share one, each budget sees the cost of all. `action`:
    whose calls end with the month's budget. `watch`: unusual cost of the account is this stack's to tell, by the
    monitor `monitor_arn` if there is one.
    """

    names: Names
    budgets: Sequence[Budget]
    topic_arn: pulumi.Input[str]
    emails: Sequence[str]
    action: Denial | None = None
    watch: bool = False
    monitor_arn: str | None = None

    def __post_init__(self) -> None:
        if len(self.emails) > EMAILS_PER_NOTIFICATION:
            raise ValueError(
                f"{len(self.emails)} alarm e-mail addresses: AWS Budgets takes {EMAILS_PER_NOTIFICATION}; "
                "use a mailing list"
            )


class BudgetStack(pulumi.ComponentResource):
    """The Bedrock budgets.

    Makes: an `aws:budgets:Budget` for each of `budgets` (COST, global in AWS), with its notifications to
    the topic and by e-mail; a `BudgetAction` on the month's, a `CostWatch`. E-mail goes out directly as well: a topic
    or key policy that broke must not silence a budget.
    """

    budget_names: pulumi.Output[list[str]]

    def __init__(self, name: str, args: BudgetStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BudgetStack", name, None, opts)
        self._name, self._args = name, args
        budgets = {budget.period: self._budget(budget) for budget in args.budgets}
        self.budget_names = pulumi.Output.all(*(budget.name for budget in budgets.values()))
        if args.action is not None:
            self._action(args.action, budgets["MONTHLY"])
        if args.watch:
            watch = CostWatchArgs(args.names, args.topic_arn, args.monitor_arn)
            CostWatch(f"{name}-watch", watch, pulumi.ResourceOptions(parent=self))
        self.register_outputs({"budgetNames": self.budget_names})

    def _budget(self, budget: Budget) -> aws.budgets.Budget:
        return aws.budgets.Budget(
            f"{self._name}-{budget.key}",
            # unique in the account, across regions: the name carries the environment
            name=self._args.names.of("budget", budget.key),
            budget_type="COST",
            time_unit=budget.period,
            limit_amount=budget.limit_amount,
            limit_unit="USD",
            cost_filters=[{"name": "Service", "values": list(budget.services)}],
            # Credits and refunds would hide what is being spent.
            cost_types={"include_credit": False, "include_refund": False},
            notifications=[self._notification(alert) for alert in budget.alerts],
            tags=component_tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _action(self, denial: Denial, budget: aws.budgets.Budget) -> None:
        args = self._args
        BudgetAction(
            f"{self._name}-action",
            BudgetActionArgs(
                names=args.names,
                budget_name=budget.name,
                role_name=denial.role_name,
                role_arn=denial.role_arn,
                approval=denial.approval,
                topic_arn=args.topic_arn,
                emails=args.emails,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _notification(self, alert: Alert) -> aws.budgets.BudgetNotificationArgs:
        return aws.budgets.BudgetNotificationArgs(
            comparison_operator="GREATER_THAN",
            notification_type=alert.kind,
            threshold=alert.percent,
            threshold_type="PERCENTAGE",
            subscriber_sns_topic_arns=[self._args.topic_arn],
            subscriber_email_addresses=sorted(self._args.emails),
        )
