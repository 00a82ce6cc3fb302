"""Application Auto Scaling: targets and policies are checked and stored; nothing scales here."""
# ruff: noqa: A002, D101, D102 - `ResourceType` says what each method does

import hashlib
from typing import ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope, failed_precondition
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties

_KEY = ("serviceNamespace", "resourceId", "scalableDimension")


class Target(StoredType):
    id_format = "{resourceId}"
    pulumi_type = "aws:appautoscaling/target:Target"
    kind = "appautoscaling:target"
    force_new = frozenset(_KEY)

    importable = False

    def row(self, scope: Scope, id: str, state: Properties) -> str:
        return f"{scope.region}/{id}/{state['scalableDimension']}"

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        own = f"{scope.account_id}/{scope.region}/{id}/{inputs['scalableDimension']}"
        digest = hashlib.sha256(own.encode()).hexdigest()[:34]
        role = f"role/aws-service-role/{inputs['serviceNamespace']}.application-autoscaling.amazonaws.com"
        return {
            "arn": scope.arn("application-autoscaling", f"scalable-target/{digest}"),
            "roleArn": inputs.get(
                "roleArn",
                f"arn:aws:iam::{scope.account_id}:{role}/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
            ),
        }


class Policy(StoredType):
    id_format = "{name}"
    pulumi_type = "aws:appautoscaling/policy:Policy"
    kind = "appautoscaling:policy"
    naming = Naming(r"[ -~]+", 256)
    force_new = frozenset(_KEY)
    defaults: ClassVar = {"policyType": "StepScaling"}
    importable = False

    def row(self, scope: Scope, id: str, state: Properties) -> str:
        return f"{scope.region}/{state['resourceId']}/{state['scalableDimension']}/{id}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        target = f"{scope.region}/{inputs['resourceId']}/{inputs['scalableDimension']}"
        if scope.registry.get(Target.kind, target) is None:
            raise failed_precondition(f"ObjectNotFoundException: no scalable target for {inputs['resourceId']}")
        return str(inputs["name"])

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        digest = hashlib.sha256(f"{inputs['resourceId']}/{id}".encode()).hexdigest()[:32]
        where = f"scalingPolicy:{digest}:resource/{inputs['serviceNamespace']}/{inputs['resourceId']}:policyName/{id}"
        return {"arn": scope.arn("autoscaling", where), "alarmArns": []}


TYPES = (Target(), Policy())
