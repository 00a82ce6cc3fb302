"""Rules that many types share: tags, the `region` argument, and what an ARN may refer to."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex
from botocore.loaders import Loader

from localcloud.provider.wire import has_unknown
from localcloud.refusals.check import Check, Finder, Inputs, Of, Place, Violation, root, short, values

_TAGS = "Tagging AWS resources: 50 tags, keys to 128 and values to 256 characters of letters, numbers, spaces, _.:/=+-@"
_TAG = regex.compile(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
_OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
REGIONS = frozenset(Loader().load_data("partitions")["partitions"][0]["regions"]) - {"aws-global"}


def shared(token: str, *, taggable: bool, regional: bool) -> tuple[Check, ...]:
    """The rules of any type that takes tags or a region."""
    of = Of(token, _TAGS)
    found = []
    if taggable:
        most = 10 if token == _OBJECT else 50
        found = [
            of.rule("tags-count", "tags", _count(most), "too many tags, default tags counted", f"at most {most}"),
            of.rule("tags-form", "tags", _tags, "a tag that AWS does not take", "128/256 characters", whole=False),
        ]
    if regional:
        found.append(of.rule("region", "region", _region, "a region that does not exist", source="botocore partitions"))
    return tuple(found)


def _count(most: int) -> Finder:
    def find(inputs: Inputs, place: Place) -> Iterator[Violation]:
        found = {**place.default_tags, **inputs.get("tags", {})}
        if len(found) > most:
            yield "tags", f"{len(found)} tags with the provider's default ones; AWS takes {most}"

    return find


def _tags(inputs: Inputs, _: Place) -> Iterator[Violation]:
    for path, value in values(inputs, "tags{}"):
        key = path.removeprefix("tags.")
        if not 1 <= len(key) <= 128 or not _TAG.fullmatch(key):
            yield path, f"the tag key {key!r} is not 1 to 128 of the allowed characters"
        elif key.lower().startswith("aws:"):
            yield path, "tag keys that begin with aws: are AWS's own"
        if has_unknown(value):
            continue
        if len(str(value)) > 256 or not _TAG.fullmatch(str(value)):
            yield path, "a tag value takes 256 of the allowed characters"


def _region(inputs: Inputs, _: Place) -> Iterator[Violation]:
    region = inputs.get("region")
    if isinstance(region, str) and region not in REGIONS:
        yield "region", f"{region!r} is no region of the aws partition"


ARN = re.compile(
    r"arn:(aws[a-z-]*):(?P<service>[a-z0-9.-]+):(?P<region>[a-z0-9-]*):(?P<account>\d*|aws):(?P<name>.+)", re.DOTALL
)


@dataclass(frozen=True)
class Reference:
    """What an input of a type may name by ARN. `same`: what must be this resource's own, of region and account."""

    token: str
    path: str
    services: str
    name: str  # pattern of the ARN's last part
    same: str
    source: str
    only: bool = True  # whether nothing but an ARN will do

    def check(self) -> Check:
        """As a rule of its own."""
        services, pattern = self.services.split(), re.compile(self.name)

        def find(inputs: Inputs, place: Place) -> Iterator[Violation]:
            for path, value in values(inputs, self.path):
                if has_unknown(value) or value == "" or (not self.only and not str(value).startswith("arn:")):
                    continue
                reason = self._fault(str(value), services, pattern, place)
                if reason:
                    yield path, reason

        limit = f"{' or '.join(services)}{f', same {self.same}' if self.same else ''}".replace(
            "region account", "region and account"
        )
        what = f"{self.path} that names something of another service, region or account"
        of = Of(self.token, self.source)
        return of.rule(f"{short(self.path)}-arn", root(self.path), find, what, limit, whole=False)

    def _fault(self, value: str, services: list[str], pattern: re.Pattern[str], place: Place) -> str | None:
        match = ARN.fullmatch(value)
        if match is None:
            return f"{value!r} is not an ARN"
        if services and match["service"] not in services:
            return f"{value} is of {match['service']}; AWS takes {' or '.join(services)} here"
        if not pattern.fullmatch(match["name"]):
            return f"{value} does not name what AWS takes here ({self.name})"
        if "region" in self.same and match["region"] and match["region"] != place.region:
            return f"{value} is in {match['region']}; AWS takes only its own region here, {place.region}"
        if "account" in self.same and match["account"] not in {place.account_id, "aws", ""}:
            return f"{value} is of account {match['account']}; AWS takes only its own account here, {place.account_id}"
        return None
