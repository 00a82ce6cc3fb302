"""`ApiStack`: the REST API, the functions behind it, its stage, usage plan and logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import pulumi
import pulumi_aws as aws

from components.api.access_log import access_log_format
from components.api.body import GatewaySettings, canonical_json, digest, gateway_body
from components.api.contract import Operation, operations, paying
from components.api.functions import DESCRIPTIONS, ROUTED, ApiFunction, Stores, grant, secret_variables
from components.api.sweep import Sweep, SweepArgs
from components.artefacts import FunctionCode
from components.config import FunctionSizing
from components.config.model import AliasOwner, RouteThrottle, Throttle
from components.iam import Grants
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.lifecycle import serving
from components.naming import Names
from components.tags import component_tags

COMPONENT = "ApiStack"
API_FUNCTIONS: tuple[ApiFunction, ...] = get_args(ApiFunction.__value__)

_TAGS = component_tags(COMPONENT)


def rest_api_name(names: Names) -> str:
    """The API's physical name, which is also its dimension in CloudWatch."""
    return names.of("rest_api", "api")


@dataclass(frozen=True)
class ApiStackArgs:
    """What the API is made of.

    `contract`: the parsed `openapi.json`. `code` and `sizing`: of the four functions.
    `cors_origins`: the first is the one that gateway-made errors name. `log_role`: what a stage with logs
    must wait for (API Gateway's account-wide log role); empty where another stack owns it. `locked`: the
    engine refuses to delete what answers requests.
    """

    names: Names
    contract: Mapping[str, Any]
    code: Mapping[ApiFunction, FunctionCode]
    sizing: Mapping[ApiFunction, FunctionSizing]
    stores: Stores
    key_arn: pulumi.Input[str]
    log_retention_days: int
    alias_owner: AliasOwner
    cors_origins: Sequence[str]
    throttle: Throttle
    log_role: Sequence[pulumi.Resource] = ()
    locked: bool = False


class ApiStack(pulumi.ComponentResource):
    """The REST API and what answers it.

    Makes: a `LambdaFunction` each for `api`, `assistant`, `auth` and `authorizer`, with their grants; a `Sweep`;
    `aws:apigateway:RestApi` (regional, body from the contract), an `aws:lambda:Permission` a function,
    `aws:apigateway:Deployment`, `aws:cloudwatch:LogGroup` for access and for execution logs,
    `aws:apigateway:Stage` and `aws:apigateway:MethodSettings`; `aws:apigateway:UsagePlan`,
    `aws:apigateway:ApiKey` and `aws:apigateway:UsagePlanKey`; the `aws:ssm:Parameter`s `api/url` and
    `api/usage-key`.
    """

    functions: Mapping[ApiFunction, LambdaFunction]
    rest_api_id: pulumi.Output[str]
    rest_api_name: str
    stage_name: pulumi.Output[str]
    stage_arn: pulumi.Output[str]  # for a web ACL's association
    api_url: pulumi.Output[str]
    access_log_group: pulumi.Output[str]

    def __init__(self, name: str, args: ApiStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:ApiStack", name, None, opts)
        self._name, self._args = name, args
        # Not only inside the apply that makes the body: there, a bad contract would stop the update half way.
        routes = operations(args.contract, ROUTED)
        self.functions = {function: self._function(function) for function in API_FUNCTIONS}
        rest_api, body = self._rest_api()
        permissions = [self._permission(function, rest_api) for function in API_FUNCTIONS]
        stage = self._stage(rest_api, self._deployment(rest_api, body), permissions)
        self._throttles(rest_api, stage, paying(routes))
        sweep = SweepArgs(args.names, self.functions["assistant"], COMPONENT)
        Sweep(f"{name}-sweep", sweep, pulumi.ResourceOptions(parent=self))
        self._usage_plan(rest_api, stage)
        self._parameter("url", "String", stage.invoke_url, "Where the REST API is")
        self.rest_api_id, self.rest_api_name = rest_api.id, rest_api_name(args.names)
        self.stage_name, self.stage_arn = stage.stage_name, stage.arn
        self.api_url = stage.invoke_url
        self.register_outputs(
            {
                "restApiId": self.rest_api_id,
                "stageName": self.stage_name,
                "apiUrl": self.api_url,
            }
        )

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _serving(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return serving(self, *depends_on, locked=self._args.locked)

    def _function(self, function: ApiFunction) -> LambdaFunction:
        args = self._args
        grants = Grants()
        grant(function, grants, args.stores)
        return LambdaFunction(
            f"{self._name}-{function}",
            LambdaFunctionArgs(
                names=args.names,
                code=args.code[function],
                sizing=args.sizing[function],
                key_arn=args.key_arn,
                log_retention_days=args.log_retention_days,
                alias_owner=args.alias_owner,
                component=COMPONENT,
                description=DESCRIPTIONS[function],
                environment=secret_variables(function, args.stores),
                grants=grants.statements,
                locked=args.locked,
            ),
            opts=self._child(),
        )

    def _rest_api(self) -> tuple[aws.apigateway.RestApi, pulumi.Output[str]]:
        args = self._args
        invoke_arns = {function: made.alias_invoke_arn for function, made in self.functions.items()}
        body = pulumi.Output.all(**invoke_arns).apply(self._body)
        rest_api = aws.apigateway.RestApi(
            f"{self._name}-rest-api",
            name=rest_api_name(args.names),
            description=f"REST API of {args.names.prefix}",
            body=body,
            api_key_source="AUTHORIZER",
            endpoint_configuration={"types": "REGIONAL"},
            tags=_TAGS,
            opts=self._serving(),
        )
        return rest_api, body

    def _body(self, invoke_arns: Mapping[str, str]) -> str:
        settings = GatewaySettings(
            name=rest_api_name(self._args.names),
            invoke_arns={function: invoke_arns[function] for function in ROUTED},
            authorizer_uri=invoke_arns["authorizer"],
            origin=next(iter(self._args.cors_origins), None),
        )
        return canonical_json(gateway_body(self._args.contract, settings))

    def _permission(self, function: ApiFunction, rest_api: aws.apigateway.RestApi) -> aws.lambda_.Permission:
        """API Gateway may call the alias: routes from this stage only, the authorizer as an authorizer only."""
        source = "/authorizers/*" if function == "authorizer" else f"/{self._args.names.environment}/*/*"
        made = self.functions[function]
        return aws.lambda_.Permission(
            f"{self._name}-permission-{function}",
            statement_id="ApiGatewayInvokes",
            action="lambda:InvokeFunction",
            function=made.name,
            qualifier=made.alias.name,
            principal="apigateway.amazonaws.com",
            source_arn=rest_api.execution_arn.apply(lambda arn: f"{arn}{source}"),
            opts=self._child(),
        )

    def _deployment(self, rest_api: aws.apigateway.RestApi, body: pulumi.Output[str]) -> aws.apigateway.Deployment:
        """A snapshot of the body: a new one for each change, made before the stage lets the old one go."""
        return aws.apigateway.Deployment(
            f"{self._name}-deployment",
            rest_api=rest_api.id,
            triggers={"body": body.apply(digest)},
            opts=self._child(),
        )

    def _stage(
        self,
        rest_api: aws.apigateway.RestApi,
        deployment: aws.apigateway.Deployment,
        permissions: Sequence[pulumi.Resource],
    ) -> aws.apigateway.Stage:
        args = self._args
        access_logs = self._log_group("access-logs", args.names.log_group("api/access"))
        # API Gateway would make this one itself, without key and retention, and leave it behind.
        execution_logs = self._log_group(
            "execution-logs",
            pulumi.Output.concat("API-Gateway-Execution-Logs_", rest_api.id, "/", args.names.environment),
        )
        self.access_log_group = access_logs.name
        return aws.apigateway.Stage(
            f"{self._name}-stage",
            rest_api=rest_api.id,
            deployment=deployment.id,
            stage_name=args.names.environment,
            description=f"{args.names.prefix}, the only stage",
            access_log_settings={"destination_arn": access_logs.arn, "format": access_log_format()},
            xray_tracing_enabled=True,
            tags=_TAGS,
            # The stage opens last: with the account's log role set, or API Gateway refuses its logs, and
            # with every function callable.
            opts=self._serving(execution_logs, *permissions, *args.log_role),
        )

    def _log_group(self, kind: str, name: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{kind}",
            name=name,
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.key_arn,
            tags=_TAGS,
            opts=self._child(),
        )

    def _throttles(
        self, rest_api: aws.apigateway.RestApi, stage: aws.apigateway.Stage, paid: Sequence[Operation]
    ) -> None:
        """Every method's settings, then those of routes that pay for models: they hold their function for seconds."""
        throttle = self._args.throttle
        # One after another: each is an UpdateStage of the same stage.
        before = self._method_settings("method-settings", "*/*", throttle, rest_api, stage)
        for route in paid:
            # The provider hands the path on, and API Gateway keys settings by JSON pointer: `~1` is a slash.
            path = f"{route.path.replace('/', '~1')}/{route.method.upper()}"
            kind = f"method-settings-{route.operation_id}"
            before = self._method_settings(kind, path, throttle.assistant, rest_api, stage, before)

    def _method_settings(
        self,
        kind: str,
        path: str,
        throttle: RouteThrottle,
        rest_api: aws.apigateway.RestApi,
        stage: aws.apigateway.Stage,
        *depends_on: pulumi.Resource,
    ) -> aws.apigateway.MethodSettings:
        """Metrics, errors without bodies in the log, and a throttle. A route's own settings inherit nothing."""
        return aws.apigateway.MethodSettings(
            f"{self._name}-{kind}",
            rest_api=rest_api.id,
            stage_name=stage.stage_name,
            method_path=path,
            settings={
                "metrics_enabled": True,
                "logging_level": "ERROR",
                "data_trace_enabled": False,
                "throttling_rate_limit": throttle.rate_limit,
                "throttling_burst_limit": throttle.burst_limit,
            },
            opts=self._child(*depends_on),
        )

    def _usage_plan(self, rest_api: aws.apigateway.RestApi, stage: aws.apigateway.Stage) -> None:
        """One plan, one key: the authorizer names the key, so that the plan counts every signed-in request."""
        args = self._args
        plan = aws.apigateway.UsagePlan(
            f"{self._name}-usage-plan",
            name=args.names.of("usage_plan", "platform"),
            description="Every request that the authorizer lets in",
            api_stages=[{"api_id": rest_api.id, "stage": stage.stage_name}],
            throttle_settings={
                "rate_limit": args.throttle.rate_limit,
                "burst_limit": args.throttle.burst_limit,
            },
            tags=_TAGS,
            opts=self._serving(),
        )
        key = aws.apigateway.ApiKey(
            f"{self._name}-usage-key",
            name=args.names.of("api_key", "platform"),
            description="Named by the authorizer; no client holds it",
            tags=_TAGS,
            opts=self._serving(),
        )
        aws.apigateway.UsagePlanKey(
            f"{self._name}-usage-plan-key",
            usage_plan_id=plan.id,
            key_id=key.id,
            key_type="API_KEY",
            opts=self._serving(),
        )
        # API Gateway makes the value; it is a secret in state and no credential: with the key source
        # AUTHORIZER, a client that sent it would gain nothing.
        value = pulumi.Output.secret(key.value)
        self._parameter("usage-key", "SecureString", value, "What the authorizer names as usage key")

    def _parameter(self, name: str, type_: str, value: pulumi.Input[str], description: str) -> None:
        aws.ssm.Parameter(
            f"{self._name}-parameter-{name}",
            name=self._args.names.parameter("api", name),
            type=type_,
            value=value,
            key_id=self._args.key_arn if type_ == "SecureString" else None,
            description=description,
            tags=_TAGS,
            opts=self._serving(),
        )
