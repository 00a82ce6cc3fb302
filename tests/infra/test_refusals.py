"""The three committed stacks, checked as a preview on AWS's own rules checks them."""

import re
import time
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.lifecycle import check
from localcloud.provider.resource import Scope
from localcloud.registry import Registry
from tests.infra.recording import Recording
from tests.infra.stacks import stack_config

# The mocks make every ARN of one form: what the services' own look like.
_FORMS = (
    (r"arn:aws:cloudwatch:([^:]*):(\d+):loggroup/", r"arn:aws:logs:\1:\2:log-group:"),
    (r"arn:aws:lambda:([^:]*):(\d+):(?:function|alias)/", r"arn:aws:lambda:\1:\2:function:"),
    (r"arn:aws:apigateway:([^:]*):lambda:path/([^/]+)/invocations",
     r"arn:aws:apigateway:\1:lambda:path/2015-03-31/functions/arn:aws:lambda:\1:ACCOUNT:function:\2/invocations"),
    (r"arn:aws:(sns|sqs):([^:]*):(\d+):(?:topic|queue)/", r"arn:aws:\1:\2:\3:"),
    (r"arn:aws:secretsmanager:([^:]*):(\d+):secret/", r"arn:aws:secretsmanager:\1:\2:secret:"),
    (r"arn:aws:s3:[^:]*:\d+:bucket/", r"arn:aws:s3:::"),
    (r"arn:aws:backup:([^:]*):(\d+):vault/", r"arn:aws:backup:\1:\2:backup-vault:"),
)  # fmt: skip


def _formed(value: Any, account: str, region: str) -> Any:
    if isinstance(value, dict):
        return {key: _formed(item, account, region) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_formed(item, account, region) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # as `wire.from_struct` reads the engine's numbers
    if isinstance(value, str):
        for pattern, form in _FORMS:
            value = re.sub(pattern, form.replace("ACCOUNT", account), value)
        if region != "eu-central-1" and value.startswith("arn:aws:kms:"):
            value = value.replace("eu-central-1", region)
    return value


def faults(recording: Recording, account: str) -> tuple[list[str], float]:
    cloud = Cloud(account, "eu-central-1", "http://127.0.0.1:1", "http://127.0.0.1:2", Registry())
    found: list[str] = []
    begun = time.process_time()
    for resource in recording.custom():
        if resource.type not in CATALOGUE:
            continue
        region = resource.inputs.get("region", "eu-central-1")
        inputs = _formed(resource.inputs, account, region)
        kind, scope = CATALOGUE[resource.type], Scope(cloud, region, {"Project": "omnix-ai"})
        _, failures = check(kind, scope, resource.urn, inputs, {}, b"seed")
        found += [f"{resource.urn}: {path}: {reason}" for path, reason in failures]
    return found, time.process_time() - begun


def test_aws_would_refuse_nothing_of_a_committed_stack(recording: Recording, stack: str) -> None:
    found, _ = faults(recording, stack_config(stack).account_id)
    assert not found, "\n".join(found)


def test_a_whole_stack_is_checked_well_below_a_second(recording: Recording, stack: str) -> None:
    account = stack_config(stack).account_id
    faults(recording, account)  # the models are read once in a provider's life
    assert faults(recording, account)[1] < 1


@pytest.mark.parametrize("field", ["region", "account"])
def test_a_key_of_elsewhere_is_found_in_a_committed_stack(recording: Recording, stack: str, field: str) -> None:
    """The same stack with one reference turned wrong: that it passes otherwise means something."""
    account = stack_config(stack).account_id
    group = next(row for row in recording.custom() if row.type == "aws:cloudwatch/logGroup:LogGroup")
    wrong = {"region": f"arn:aws:kms:us-east-2:{account}:key/x", "account": "arn:aws:kms:eu-central-1:0:alias"}
    changed = Recording([*recording.resources])
    position = changed.resources.index(group)
    changed.resources[position] = type(group)(**{**vars(group), "inputs": {**group.inputs, "kmsKeyId": wrong[field]}})
    found, _ = faults(changed, account)
    assert [row for row in found if "kmsKeyId" in row]
