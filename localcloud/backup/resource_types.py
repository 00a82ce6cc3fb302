"""What DescribeRegionSettings answers in an account that never changed it, by resource type."""

from collections.abc import Mapping

OPTED_IN: Mapping[str, bool] = dict.fromkeys(
    (
        *("Aurora", "CloudFormation", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS"),
        *("Redshift", "S3", "SAP HANA on Amazon EC2", "Storage Gateway", "Timestream", "VirtualMachine"),
    ),
    True,
)
MANAGED: Mapping[str, bool] = {"DynamoDB": True, "EFS": True}
