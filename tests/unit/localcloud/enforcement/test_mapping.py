"""The mapping against AWS's own lists: botocore's operations and the Service Authorization Reference."""

import pytest
from moto.core.utils import get_service_model

from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Need
from localcloud.enforcement.services import MAPPED
from tests.unit.localcloud.enforcement.reference import ACCOUNT, fits_key, fits_resource, privilege, sample

OPERATIONS = [
    (service, operation) for service, operations in sorted(MAPPED.items()) for operation in sorted(operations)
]
# Where the reference is behind the services' own guides and refusals.
_NOT_LISTED = {
    # "Using IAM with DynamoDB transactions" denies it outside of transactions by this key
    ("dynamodb:ConditionCheckItem", "dynamodb:enclosingoperation"),
    # "… is not authorized to perform: logs:DescribeLogGroups on resource: arn:aws:logs:…:log-group::log-stream:"
    ("logs:DescribeLogGroups", "arn:aws:logs:eu-central-1:123456789012:log-group::log-stream:"),
}


def needs(service: str, operation: str) -> list[Need]:
    call = sample(service, operation)
    return list(MAPPED[service][operation](call, Account(ACCOUNT)))


@pytest.mark.parametrize("service", sorted(MAPPED))
def test_every_mapped_operation_is_one_of_the_services(service: str) -> None:
    assert set(MAPPED[service]) <= set(get_service_model(service).operation_names)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_action_exists(service: str, operation: str) -> None:
    for need in needs(service, operation):
        assert privilege(need.action) is not None, need.action


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_arn_has_the_form_of_one_of_its_actions_resources(service: str, operation: str) -> None:
    for need in needs(service, operation):
        known = (need.action, need.resource) in _NOT_LISTED
        assert known or fits_resource(need.action, need.resource), (need.action, need.resource)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_condition_key_is_listed_for_its_action(service: str, operation: str) -> None:
    for need in needs(service, operation):
        for key in need.keys:
            known = key.startswith("aws:") or (need.action, key) in _NOT_LISTED
            assert known or fits_key(need.action, key), (need.action, key)


def test_an_operation_needs_something_unless_aws_says_that_it_needs_nothing() -> None:
    free = {(service, operation) for service, operation in OPERATIONS if not needs(service, operation)}
    assert free == {("sts", "GetCallerIdentity")}
