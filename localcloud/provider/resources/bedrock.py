"""Bedrock: application inference profiles, which the runtime's stand-in (`localcloud.bedrock`) follows."""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

import datetime
import secrets
import string
from collections.abc import Iterable

from localcloud.bedrock.refused import Refused
from localcloud.bedrock.target import PROFILES, find
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, Scope, Violation
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties

_ID = 12  # characters


class InferenceProfile(StoredType):
    """Bedrock changes nothing but a profile's tags; its id is what its ARN ends with."""

    pulumi_type = "aws:bedrock/inferenceProfile:InferenceProfile"
    label = Label.EXECUTED
    kind = PROFILES
    naming = Naming(r"([0-9a-zA-Z][ _-]?)+", 64)
    force_new = frozenset({"name", "description", "modelSource"})
    once = frozenset({"createdAt"})

    def look(self, scope: Scope, inputs: Properties) -> Iterable[Violation]:
        source = (inputs.get("modelSource") or {}).get("copyFrom")
        if not isinstance(source, str):  # not known before it is deployed
            return
        if not source.startswith("arn:") or ":application-inference-profile/" in source:
            yield "modelSource.copyFrom", f"{source} is no ARN of a foundation model or of a system-defined profile"
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


TYPES = (InferenceProfile(),)
