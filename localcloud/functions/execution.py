"""What Lambda does as a function's execution role: assume it, decrypt the variables, write the log."""

from localcloud.enforcement.acting import Acting
from localcloud.enforcement.need import Need
from localcloud.enforcement.services import kms
from localcloud.functions.definition import Definition
from localcloud.functions.invocation import InvokeRefused
from localcloud.functions.role import RoleCredentials, RoleSessions
from localcloud.refusals import Rule

_LAMBDA = "lambda.amazonaws.com"
RULES = (
    Rule(
        "lambda.invoke.role-not-assumable",
        "invoke",
        "lambda:Invoke",
        "a start under a role that does not trust Lambda",
        "the role's trust policy",
        "Lambda developer guide: Defining Lambda function permissions with an execution role",
    ),
    Rule(
        "lambda.invoke.kms-access-denied",
        "invoke",
        "lambda:Invoke",
        "a start whose role may not decrypt the variables with the function's key",
        "kms:Decrypt via lambda",
        "Lambda API reference, Invoke: KMSAccessDeniedException",
    ),
)


class Execution:
    """A function's role in use. Thread-safe; decisions are kept until a policy may have changed."""

    def __init__(self, sessions: RoleSessions, acting: Acting) -> None:
        self._sessions = sessions
        self._acting = acting
        self._revision = -1
        self._logging: dict[tuple[str, str, str], bool] = {}

    def credentials(self, version: Definition) -> RoleCredentials:
        """The session under which an environment runs. Raises `InvokeRefused` (502), as Lambda does at a start."""
        if not self._acting.assume(_LAMBDA, version.role).allowed:
            message = "The role defined for the function cannot be assumed by Lambda."
            raise InvokeRefused(502, "AccessDeniedException", message)
        self._decrypt_variables(version)
        return self._sessions.credentials(version.role, version.name, version.region)

    def _decrypt_variables(self, version: Definition) -> None:
        """At each start, with the function's ARN in the encryption context (Lambda developer guide, "Securing
        environment variables": with a customer managed key the role needs `kms:Decrypt`).
        """
        if not (version.variables and version.key_arn):
            return
        context = {"aws:lambda:FunctionArn": (version.arn,)}
        account = self._acting.gate.account
        needs = list(kms.use(account, "Decrypt", version.key_arn, "lambda", version.region, context))
        decision = self._acting.as_role(version.role, version.name, needs)
        if not decision.allowed:
            raise InvokeRefused(
                502,
                "KMSAccessDeniedException",
                "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check "
                "the function's KMS key settings. KMS Exception: AccessDeniedException KMS Message: "
                + decision.message,
            )

    def may_log(self, version: Definition, stream: str) -> bool:
        """Whether the role may write the function's log; where not, the lines are lost, and nothing else fails."""
        key = (version.role, version.log_group, stream)
        if (revision := self._acting.revision) != self._revision:
            self._logging, self._revision = {}, revision
        known = self._logging
        if key not in known:
            known[key] = self._ask(version, stream)
        return known[key]

    def _ask(self, version: Definition, stream: str) -> bool:
        account = self._acting.gate.account
        group = f"arn:aws:logs:{version.region}:{account.id}:log-group:{version.log_group}:log-stream:"
        needs = [Need("logs:CreateLogStream", group + stream), Need("logs:PutLogEvents", group + stream)]
        if version.log_group not in account.backend("logs", version.region).groups:
            needs.insert(0, Need("logs:CreateLogGroup", group))
        return self._acting.as_role(version.role, version.name, needs).allowed
