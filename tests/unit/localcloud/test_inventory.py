from typing import Any

import pytest
from moto.backends import get_backend

from localcloud.endpoint.inventory import _LISTINGS, resource_counts
from localcloud.registry import Registry

UNUSED_ACCOUNT = "100000000007"


@pytest.mark.parametrize(("service", "kind"), sorted(_LISTINGS))
def test_every_listing_fits_the_installed_moto_and_an_untouched_account_is_empty(service: str, kind: str) -> None:
    backends: Any = get_backend(service)[UNUSED_ACCOUNT]  # type: ignore[call-overload]
    backend = backends["aws" if "aws" in backends.regions else "eu-central-1"]
    # a log-archive of AWS's own is the one thing that every account has from the start
    assert [one for one in _LISTINGS[service, kind](backend) if one != "default"] == []


def test_resources_are_counted_by_label_and_by_type() -> None:
    registry = Registry()
    for number, (type_, label) in enumerate([("aws:s3/bucket:Bucket", "executed"), ("aws:x:Y", "stored")] * 2):
        registry.put("resource", f"urn:{number}", {"type": type_, "label": label, "id": str(number)})
    counts = resource_counts(registry)
    assert counts == {
        "labels": {"executed": 2, "stored": 2},
        "types": {"aws:s3/bucket:Bucket": 2, "aws:x:Y": 2},
    }
