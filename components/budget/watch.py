"""`CostWatch`: unusual cost of any service of the account, told as soon as AWS sees it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.naming import Names
from components.tags import component_tags

COMPONENT = "BudgetStack"
# Less than that is noise of a small account; a budget of 50 US dollars a day has warned at 40.
THRESHOLD_USD = 20


@dataclass(frozen=True)
class CostWatchArgs:
    """`topic_arn` lets `costalerts.amazonaws.com` publish. `monitor_arn`: the account's own monitor, if it has one."""

    names: Names
    topic_arn: pulumi.Input[str]
    monitor_arn: str | None = None


class CostWatch(pulumi.ComponentResource):
    """Anomaly detection of the account, owned by its baseline.

    Makes: `aws:costexplorer:AnomalyMonitor` by service, so that it sees models under whatever name they are billed, and
    `aws:costexplorer:AnomalySubscription` to the topic. An account has one monitor by service, often from the start
    (AWS makes one with Cost Explorer), and refuses a second: "Limit exceeded on dimensional spend monitor creation".
    Where the config names that one, it is used as it is.
    """

    monitor_arn: pulumi.Output[str]

    def __init__(self, name: str, args: CostWatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:CostWatch", name, None, opts)
        self._name, self._args = name, args
        self.monitor_arn = pulumi.Output.from_input(args.monitor_arn) if args.monitor_arn else self._monitor().arn
        self._subscription()
        self.register_outputs({"monitorArn": self.monitor_arn})

    def _monitor(self) -> aws.costexplorer.AnomalyMonitor:
        return aws.costexplorer.AnomalyMonitor(
            f"{self._name}-monitor",
            name=self._args.names.of("anomaly", "services"),
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
            tags=component_tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _subscription(self) -> None:
        aws.costexplorer.AnomalySubscription(
            f"{self._name}-subscription",
            name=self._args.names.of("anomaly", "services"),
            frequency="IMMEDIATE",  # to a topic only; e-mail is daily at best
            monitor_arn_lists=[self.monitor_arn],
            subscribers=[{"type": "SNS", "address": self._args.topic_arn}],
            threshold_expression={
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "match_options": ["GREATER_THAN_OR_EQUAL"],
                    "values": [f"{THRESHOLD_USD}"],
                }
            },
            tags=component_tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
