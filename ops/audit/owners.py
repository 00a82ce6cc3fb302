"""Who may delete a resource: the stack that made it, by the stack's own list, by its tags, or by an engine's state.

A tag alone is not enough for CloudFormation: what a stack's deletion retained keeps its `aws:` tags for ever, and
nobody can take them off. Where the region's stacks were listed, the tag of a stack that is gone owns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.adoption.state import resources
from ops.audit.model import Kind, StackOwner, Tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ops.audit.model import Resource
    from ops.audit.reader import Reader

# A stack whose list cannot be had may own anything of its region.
_ALL = tuple(Kind)
_GONE_STACK = frozenset({"DELETE_COMPLETE"})
# What a deletion left behind is the stack's no more.
_LEFT = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
_TYPES: Mapping[str, tuple[Kind, ...]] = {
    "AWS::ApiGateway::RestApi": (Kind.REST_API,),
    "AWS::ApiGatewayV2::Api": (Kind.HTTP_API, Kind.WEBSOCKET_API),
    "AWS::Serverless::Function": (Kind.FUNCTION,),
    "AWS::Lambda::Function": (Kind.FUNCTION,),
    "AWS::Lambda::EventSourceMapping": (Kind.EVENT_SOURCE_MAPPING,),
    "AWS::DynamoDB::Table": (Kind.TABLE,),
    "AWS::DynamoDB::GlobalTable": (Kind.TABLE,),
    "AWS::Logs::LogGroup": (Kind.LOG_GROUP,),
    "AWS::CloudFront::Distribution": (Kind.DISTRIBUTION,),
    "AWS::IAM::Role": (Kind.ROLE,),
    "AWS::S3::Bucket": (Kind.BUCKET,),
    "AWS::SecretsManager::Secret": (Kind.SECRET,),
    "AWS::Events::Rule": (Kind.EVENT_RULE,),
    "AWS::CloudWatch::Alarm": (Kind.ALARM,),
    "AWS::CloudWatch::CompositeAlarm": (Kind.ALARM,),
}
_GLOBAL = frozenset({Kind.ROLE, Kind.DISTRIBUTION, Kind.BUCKET})
# Types of the engine's state and the kind that each one's id names.
_PULUMI_TYPES: Mapping[str, Kind] = {
    "aws:apigateway/restApi:RestApi": Kind.REST_API,
    "aws:apigatewayv2/api:Api": Kind.WEBSOCKET_API,
    "aws:lambda/function:Function": Kind.FUNCTION,
    "aws:lambda/eventSourceMapping:EventSourceMapping": Kind.EVENT_SOURCE_MAPPING,
    "aws:dynamodb/table:Table": Kind.TABLE,
    "aws:cloudwatch/logGroup:LogGroup": Kind.LOG_GROUP,
    "aws:cloudfront/distribution:Distribution": Kind.DISTRIBUTION,
    "aws:iam/role:Role": Kind.ROLE,
    "aws:s3/bucket:Bucket": Kind.BUCKET,
    "aws:s3/bucketV2:BucketV2": Kind.BUCKET,
    "aws:secretsmanager/secret:Secret": Kind.SECRET,
    "aws:cloudwatch/eventRule:EventRule": Kind.EVENT_RULE,
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind.ALARM,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Kind.ALARM,
}


@dataclass
class Owners:
    """What every stack is known to own: by (kind, region or empty where global, physical id)."""

    listed: dict[tuple[Kind, str, str], StackOwner] = field(default_factory=dict)
    stacks: dict[tuple[str, str], Tool] = field(default_factory=dict)
    """Live CloudFormation stacks by (region, name)."""
    complete: set[str] = field(default_factory=set)
    """Regions whose stacks were listed whole."""

    def owner(self, resource: Resource) -> StackOwner | None:
        """The stack that owns a resource, or None when none is known to."""
        region = "" if resource.kind in _GLOBAL else resource.region
        names = {resource.name, resource.arn, resource.label, resource.name.replace("/", "|", 1)} - {""}
        if resource.kind is Kind.EVENT_RULE:
            names.add(resource.name.removeprefix("default/"))
        for name in sorted(names):
            if found := self.listed.get((resource.kind, region, name)):
                return found
        return self._tagged(resource)

    def _tagged(self, resource: Resource) -> StackOwner | None:
        tags = resource.tags
        if name := tags.get("aws:cloudformation:stack-name"):
            region = tags.get("aws:cloudformation:stack-id", ":::").split(":")[3] or resource.region
            if region in self.complete and (region, name) not in self.stacks:
                return None
            tool = self.stacks.get((region, name), Tool.CLOUDFORMATION)
            logical = tags.get("aws:cloudformation:logical-id")
            return StackOwner(
                tool=tool, stack=name, logical_id=logical, evidence="its tag aws:cloudformation:stack-name"
            )
        by = next((value.lower() for key, value in tags.items() if key.lower() in ("managedby", "managed-by")), "")
        if by in (Tool.PULUMI, Tool.TERRAFORM):
            stack = tags.get("Environment") or tags.get("pulumi:stack") or "(not said)"
            return StackOwner(tool=Tool(by), stack=stack, evidence=f"its tag says that {by} manages it")
        return None


def cloudformation(reader: Reader, regions: Sequence[str], owners: Owners) -> None:
    """Add what the live stacks of these regions list as theirs."""
    for region in regions:
        before = len(reader.errors)
        stacks = reader.pages("cloudformation", "describe_stacks", region, "Stacks", _ALL)
        for stack in stacks:
            if stack.get("StackStatus") not in _GONE_STACK:
                _stack(reader, region, stack, owners)
        if not any(one.service == "cloudformation" and one.region == region for one in reader.errors[before:]):
            owners.complete.add(region)


def _stack(reader: Reader, region: str, stack: Mapping[str, Any], owners: Owners) -> None:
    name = stack["StackName"]
    rows = reader.pages(
        "cloudformation", "list_stack_resources", region, "StackResourceSummaries", _ALL, subject=name, StackName=name
    )
    tool = _tool(stack, rows)
    owners.stacks[region, name] = tool
    for row in rows:
        if row.get("ResourceStatus") in _LEFT or not row.get("PhysicalResourceId"):
            continue
        owner = StackOwner(
            tool=tool, stack=name, logical_id=row["LogicalResourceId"], evidence="the stack's own list of resources"
        )
        for kind in _TYPES.get(row["ResourceType"], ()):
            owners.listed[kind, "" if kind in _GLOBAL else region, row["PhysicalResourceId"]] = owner


def _tool(stack: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> Tool:
    """Each tool leaves something of its own in every stack that it makes.

    CDK: a parameter that names the bootstrap's version, and a metadata resource unless version reporting is off.
    """
    if any(one.get("ParameterKey") == "BootstrapVersion" for one in stack.get("Parameters") or []):
        return Tool.CDK
    for row in rows:
        if row["ResourceType"] == "AWS::CDK::Metadata":
            return Tool.CDK
        if row["LogicalResourceId"] == "ServerlessDeploymentBucket":
            return Tool.SERVERLESS
    return Tool.CLOUDFORMATION


def pulumi(owners: Owners, stack: str, region: str, document: Mapping[str, Any], source: str) -> None:
    """Add what an engine's state manages; `region` is that of the resources that do not say theirs."""
    for resource in resources(document, source):
        kind = _PULUMI_TYPES.get(resource["type"])
        if kind is None:
            continue
        owner = StackOwner(tool=Tool.PULUMI, stack=stack, evidence=f"the engine's state ({source})")
        kinds = (Kind.HTTP_API, Kind.WEBSOCKET_API) if kind is Kind.WEBSOCKET_API else (kind,)
        for one in kinds:
            place = "" if one in _GLOBAL else (resource.get("outputs") or {}).get("region") or region
            owners.listed[one, place, resource["id"]] = owner
