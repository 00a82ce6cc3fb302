"""`BudgetAction`: at the end of the budget no role calls a model any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.bedrock.access import deny_calls
from components.iam import Statement, policy_json, trust
from components.naming import Names
from components.tags import component_tags

_TAGS = component_tags("BudgetStack")
PERCENT = 100

type Approval = Literal["automatic", "manual"]


@dataclass(frozen=True)
class BudgetActionArgs:
    """`role_name`: of the only role that calls models. `topic_arn`: what budgets may publish to."""

    names: Names
    budget_name: pulumi.Input[str]
    role_name: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    approval: Approval
    topic_arn: pulumi.Input[str]
    emails: Sequence[str]


class BudgetAction(pulumi.ComponentResource):
    """What AWS does by itself when the month's budget is used up.

    Makes: `aws:iam:Policy` (no call of any model), `aws:iam:Role` and `aws:iam:RolePolicy` with which AWS Budgets
    attaches it to one role and detaches it again, `aws:budgets:BudgetAction` at 100 % of what was spent.

    Of the month alone: cost arrives hours late, so that a day's action would stop the next day's calls, and two actions
    with one policy would lift each other's. It is the backstop; what holds is the reservation before each call. Once it
    was carried out, the policy stays until the action is reversed (`aws budgets execute-budget-action`), also over a
    destroy, which it stops: IAM deletes neither policy nor role while they are attached.
    """

    policy_arn: pulumi.Output[str]

    def __init__(self, name: str, args: BudgetActionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BudgetAction", name, None, opts)
        self._name, self._args = name, args
        policy = aws.iam.Policy(
            f"{name}-policy",
            name=args.names.of("policy", f"no-models-{args.names.region}"),
            description="Attached by AWS Budgets when the month's budget for models is used up",
            policy=policy_json(deny_calls()),
            tags=_TAGS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        role, grant = self._role(policy.arn)
        aws.budgets.BudgetAction(
            f"{name}-action",
            budget_name=args.budget_name,
            action_type="APPLY_IAM_POLICY",
            approval_model=args.approval.upper(),
            notification_type="ACTUAL",
            action_threshold={"action_threshold_type": "PERCENTAGE", "action_threshold_value": PERCENT},
            definition={"iam_action_definition": {"policy_arn": policy.arn, "roles": [args.role_name]}},
            execution_role_arn=role.arn,
            subscribers=[
                {"subscription_type": "SNS", "address": args.topic_arn},
                *({"subscription_type": "EMAIL", "address": address} for address in sorted(args.emails)),
            ],
            tags=_TAGS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[grant]),
        )
        self.policy_arn = policy.arn
        self.register_outputs({"policyArn": self.policy_arn})

    def _role(self, policy_arn: pulumi.Output[str]) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        args = self._args
        role = aws.iam.Role(
            f"{self._name}-role",
            name=args.names.role("budget-action"),
            description="AWS Budgets stops calls of models with this role",
            assume_role_policy=policy_json(trust("budgets.amazonaws.com", account_id=args.names.account_id)),
            tags=_TAGS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        grant = aws.iam.RolePolicy(
            f"{self._name}-grant",
            name="attach-policy",
            role=role.name,
            policy=policy_json(attach_statement(policy_arn, args.role_arn)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role, grant


def attach_statement(policy_arn: pulumi.Input[str], role_arn: pulumi.Input[str]) -> Statement:
    """The one policy, to and from the one role ("Allow AWS Budgets to apply IAM policies and SCPs")."""
    return Statement(
        "AttachPolicy",
        ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        [role_arn],
        {"ArnEquals": {"iam:PolicyARN": [policy_arn]}},
    )
