"""Bedrock: application inference profiles, which the runtime's stand-in (`localcloud.bedrock`) follows; its log."""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

import datetime
import secrets
import string
from collections.abc import Iterable, Iterator
from typing import Any

from localcloud.bedrock.refused import Refused
from localcloud.bedrock.target import PROFILES, find
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, Violation
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered
from localcloud.refusals.check import Check, Inputs, Of, Place
from localcloud.refusals.general import Reference
from localcloud.refusals.model import Api, checks_of

_PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
_LOGGING = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"
_ID = 12  # characters
_CLOUDWATCH, _S3 = "cloudwatchConfig", "s3Config"
_DELIVERIES = tuple(f"{kind}DataDeliveryEnabled" for kind in ("embedding", "image", "text", "video"))


class InferenceProfile(StoredType):
    """Bedrock changes nothing but a profile's tags; its id is what its ARN ends with."""

    pulumi_type = _PROFILE
    label = Label.EXECUTED
    kind = PROFILES
    naming = Naming(r"([0-9a-zA-Z][ _-]?)+", 64)
    force_new = frozenset({"name", "description", "modelSource"})
    once = frozenset({"createdAt"})

    def look(self, scope: Scope, inputs: Properties) -> Iterable[Violation]:
        """What the stand-in does not know, a deployment would find out with its first call."""
        source = (inputs.get("modelSource") or {}).get("copyFrom")
        if not isinstance(source, str):  # not known before it is deployed
            return
        try:
            find(source, scope.region, scope.account_id, lambda _: None)
        except Refused as refused:
            yield "modelSource.copyFrom", f"{source}: {refused.message}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_ID))

    def row(self, scope: Scope, id: str, state: Properties) -> str:
        return scope.arn("bedrock", f"application-inference-profile/{id}")

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        target = find(str(inputs["modelSource"]["copyFrom"]), scope.region, scope.account_id, lambda _: None)
        models = [{"modelArn": arn} for arn, _ in target.resources if ":foundation-model/" in arn]
        return {
            "arn": self.row(scope, id, inputs),
            "createdAt": now,
            "updatedAt": now,
            "models": models,
            "status": "ACTIVE",
            "type": "APPLICATION",
        }


class InvocationLogging(ResourceType):
    """One in an account and region, its id the region; a second one silently takes the first one's place, as on AWS."""

    pulumi_type = _LOGGING
    label = Label.EXECUTED
    importable = True

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return scope.region

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        given = news["loggingConfig"]
        config: dict[str, Any] = {key: given.get(key, True) for key in _DELIVERIES}
        if group := given.get(_CLOUDWATCH):
            large = group.get("largeDataDeliveryS3Config")
            config["cloudWatchConfig"] = {
                **{key: group[key] for key in ("logGroupName", "roleArn") if key in group},
                **({"largeDataDeliveryS3Config": large} if large else {}),
            }
        if bucket := given.get(_S3):
            config[_S3] = bucket
        scope.client("bedrock").put_model_invocation_logging_configuration(loggingConfig=config)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("bedrock").get_model_invocation_logging_configuration().get("loggingConfig")
        if not found:
            return None
        renamed = {_CLOUDWATCH: found["cloudWatchConfig"]} if "cloudWatchConfig" in found else {}
        kept = {key: value for key, value in found.items() if key in (*_DELIVERIES, _S3)}
        return {"region": scope.region, "loggingConfig": {**renamed, **kept}}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.client("bedrock").delete_model_invocation_logging_configuration()


def _somewhere(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if not (inputs.get("loggingConfig") or {}).keys() & {_CLOUDWATCH, _S3}:
        yield "loggingConfig", "goes nowhere: give cloudwatchConfig or s3Config"


_OF_LOGGING = Of(_LOGGING, "Bedrock API reference: PutModelInvocationLoggingConfiguration")
_PROFILES, _PROFILES_MISSING = checks_of(_PROFILE, Api("bedrock CreateInferenceProfile", {"name": ""}))
_LOGGED, _LOGGED_MISSING = checks_of(
    _LOGGING,
    Api(
        "bedrock PutModelInvocationLoggingConfiguration",
        {"loggingConfig.cloudwatchConfig": "cloudWatchConfig"},
    ),
)
RULES: tuple[Check, ...] = (
    *_PROFILES,
    *_LOGGED,
    _OF_LOGGING.rule("destination", "loggingConfig", _somewhere, "a log that goes nowhere"),
    Reference(
        _PROFILE,
        "modelSource.copyFrom",
        "bedrock",
        "(foundation-model|inference-profile)/.+",
        "region account",
        "Bedrock API reference: CreateInferenceProfile, modelSource",
    ).check(),
    Reference(
        _LOGGING,
        "loggingConfig.cloudwatchConfig.roleArn",
        "iam",
        "role/.+",
        "account",
        "IAM PassRole: a role is passed within its own account",
    ).check(),
)
NOT_COVERED = (
    *_PROFILES_MISSING,
    *_LOGGED_MISSING,
    NotCovered(
        _LOGGING, "events in a bucket, and bodies of more than 100 KB in the one for large data",
        "only the log group is written; such bodies are left out", "Bedrock user guide: model invocation logging",
    ),
)  # fmt: skip
TYPES = (InferenceProfile(), InvocationLogging())
