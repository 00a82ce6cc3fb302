"""The gateway may call a function only where the function's resource policy says so."""

from localcloud.functions.definition import split_name
from localcloud.functions.permission import may_invoke
from localcloud.gateway.errors import GatewayError
from localcloud.registry import Registry

_PRINCIPAL = "apigateway.amazonaws.com"


class FunctionPolicies:
    """Answers from the registry, remembered until a permission changes."""

    def __init__(self, registry: Registry, region: str) -> None:
        self._registry = registry
        self._region = region
        self._revision = -1
        self._known: dict[tuple[str, str], bool] = {}

    def require(self, function_arn: str, source_arn: str, error: str) -> None:
        """Raise that gateway error when the function does not admit API Gateway from `source_arn`."""
        revision = self._registry.revision("lambda:permission")
        if revision != self._revision:
            self._known, self._revision = {}, revision
        key = (function_arn, source_arn)
        if key not in self._known:
            name, qualifier, _ = split_name(function_arn, None, self._region)
            self._known[key] = may_invoke(self._registry, name, qualifier, _PRINCIPAL, source_arn)
        if not self._known[key]:
            raise GatewayError(error, detail=f"no permission for {_PRINCIPAL} as {source_arn} on {function_arn}")
