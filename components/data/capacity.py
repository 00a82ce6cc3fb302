"""Provisioned capacity with auto-scaling: what is scaled, as data, and the resources that scale it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.config import Capacity
from components.tags import component_tags

# What scaling moves is not Pulumi's to put back.
SCALED_PROPERTIES = [
    "readCapacity",
    "writeCapacity",
    "globalSecondaryIndexes[*].readCapacity",
    "globalSecondaryIndexes[*].writeCapacity",
]


@dataclass(frozen=True)
class Scaling:
    """One dimension of a table or index: `resource` is its id for Application Auto Scaling."""

    key: str
    resource: str
    dimension: str
    metric: str
    minimum: int
    maximum: int


def scalings(table: str, indexes: tuple[str, ...], capacity: Capacity) -> Iterator[Scaling]:
    """Read and write capacity of the physical table `table` and of each index.

    An index is throttled on its own and then throttles its table's writes: it scales as the table does.
    """
    targets = [("table", f"table/{table}", "table")]
    targets += [(index, f"table/{table}/index/{index}", "index") for index in indexes]
    for key, resource, kind in targets:
        for verb, minimum, maximum in (
            ("Read", capacity.read_min, capacity.read_max),
            ("Write", capacity.write_min, capacity.write_max),
        ):
            yield Scaling(
                key=f"{key}-{verb.lower()}",
                resource=resource,
                dimension=f"dynamodb:{kind}:{verb}CapacityUnits",
                metric=f"DynamoDB{verb}CapacityUtilization",
                minimum=minimum,
                maximum=maximum,
            )


def scale(
    prefix: str, scaling: Scaling, target_percent: int, parent: pulumi.Resource, table: aws.dynamodb.Table
) -> None:
    """Make the target and its tracking policy, after the table and its indexes exist."""
    target = aws.appautoscaling.Target(
        f"{prefix}-{scaling.key}-target",
        service_namespace="dynamodb",
        resource_id=scaling.resource,
        scalable_dimension=scaling.dimension,
        min_capacity=scaling.minimum,
        max_capacity=scaling.maximum,
        tags=component_tags("DataStack"),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[table]),
    )
    aws.appautoscaling.Policy(
        f"{prefix}-{scaling.key}-policy",
        name=f"{scaling.metric}:{scaling.resource}",
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        resource_id=target.resource_id,
        scalable_dimension=target.scalable_dimension,
        target_tracking_scaling_policy_configuration={
            "predefined_metric_specification": {"predefined_metric_type": scaling.metric},
            "target_value": target_percent,
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )
