"""What API Gateway may do: call a function where its resource policy says so, write logs with the account's role."""

from localcloud.enforcement.acting import Acting
from localcloud.enforcement.need import Need
from localcloud.enforcement.services.lambda_ import function_arn
from localcloud.gateway.errors import GatewayError
from localcloud.refusals import Rule
from localcloud.registry import Registry

_PRINCIPAL = "apigateway.amazonaws.com"
RULES = (
    Rule(
        "apigateway.integration.no-permission",
        "acting",
        "apigateway:Invoke",
        "a call of a function or authorizer whose resource policy does not admit API Gateway",
        "lambda:InvokeFunction with aws:SourceArn",
        "API Gateway developer guide: Lambda resource-based policies; answers 500",
    ),
    Rule(
        "apigateway.access-log.no-permission",
        "acting",
        "logs:PutLogEvents",
        "an access log line where the account's CloudWatch role may not write it",
        "the role's trust and policies",
        "API Gateway developer guide: Set up CloudWatch logging",
    ),
)


class Permissions:
    """Decisions, remembered until a policy may have changed."""

    def __init__(self, acting: Acting, registry: Registry, account_id: str, region: str) -> None:
        self._acting = acting
        self._registry = registry
        self._account_id = account_id
        self._region = region
        self._revision: tuple[int, int] = (-1, -1)
        self._known: dict[tuple[str, str], str | None] = {}

    def require(self, function: str, source_arn: str, error: str) -> None:
        """Raise that gateway error when the function does not admit API Gateway from `source_arn`."""
        known = self._current()
        key = (function, source_arn)
        if key not in known:
            context = {"aws:SourceArn": (source_arn,), "aws:SourceAccount": (self._account_id,)}
            arn = function_arn(function, None, self._region, self._acting.gate.account)
            decision = self._acting.acting(_PRINCIPAL, "lambda:InvokeFunction", arn, context)
            known[key] = None if decision.allowed else decision.message
        if (reason := known[key]) is not None:
            raise GatewayError(error, detail=f"no permission for {_PRINCIPAL} as {source_arn} on {function}: {reason}")

    def may_log(self, group: str, stream: str) -> bool:
        """Whether the account's role lets API Gateway write to a log group. Lines that it may not write are lost."""
        known = self._current()
        key = (group, stream)
        if key not in known:
            known[key] = self._why_not(group, stream)
        return known[key] is None

    def _why_not(self, group: str, stream: str) -> str | None:
        account = self._registry.get("apigateway:account", self._region) or {}
        if not (role := account.get("cloudwatch_role_arn")):
            return None if not self._acting.gate.enforced else "the account has no CloudWatch role"
        resource = f"arn:aws:logs:{self._region}:{self._account_id}:log-group:{group}:log-stream:{stream}"
        needs = [Need("logs:CreateLogStream", resource), Need("logs:PutLogEvents", resource)]
        decision = self._acting.with_role(_PRINCIPAL, role, "BackplaneAssumeRoleSession", needs)
        return None if decision.allowed else decision.message

    def _current(self) -> dict[tuple[str, str], str | None]:
        revision = (self._acting.revision, self._registry.revision("apigateway:account"))
        if revision != self._revision:
            self._known, self._revision = {}, revision
        return self._known
