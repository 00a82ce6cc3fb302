"""Decides on every AWS call before moto sees it: whose it is, what it needs, and whether policies let it."""

import datetime
import logging
from collections.abc import Mapping
from typing import Any

from localcloud.endpoint.call import Call
from localcloud.enforcement import answer
from localcloud.enforcement.account import Account, NoSuchRegion
from localcloud.enforcement.callers import Caller, Callers, UnknownKey
from localcloud.enforcement.need import Context, Need
from localcloud.enforcement.services import MAPPED
from localcloud.enforcement.services.kms import granted
from localcloud.enforcement.usage import Usage
from localcloud.iam.evaluate import Decision, Policies, Trust, evaluate
from localcloud.iam.policy import UnreadablePolicy
from localcloud.iam.request import Request
from localcloud.limits.refusal import Refusal
from localcloud.refusals import NotCovered, Rule

_LOG = logging.getLogger(__name__)
# Services that AWS names in aws:CalledVia when they go on in the caller's name (IAM user guide, global condition keys).
_CALLED_VIA = {"dynamodb", "kms", "athena", "cloudformation"}

RULES = (
    Rule(
        "iam.call.denied",
        "call",
        "iam:*",
        "a call that the caller's policies, boundary and the resource's policy do not allow",
        "policy evaluation logic",
        "IAM User Guide: Policy evaluation logic; Service Authorization Reference",
    ),
    Rule(
        "iam.call.unmapped",
        "call",
        "iam:*",
        "a function's call of an operation whose action and resources are not known here",
        "mapped operations only",
        "localcloud: never an allow",
    ),
    Rule(
        "iam.policy.unreadable",
        "call",
        "iam:PutRolePolicy",
        "a call decided by a policy that cannot be read, put behind the deployment's back",
        "policy grammar",
        "IAM User Guide: Grammar of the IAM JSON policy language",
    ),
    Rule(
        "iam.access-key.unknown",
        "call",
        "sts:*",
        "a call with an access key that nobody holds, or whose session is over",
        "issued keys",
        "IAM User Guide: Troubleshoot access key errors",
    ),
)
NOT_COVERED = (
    NotCovered(
        "iam:*",
        "service and resource control policies, VPC endpoint policies, access control lists",
        "the account stands alone here",
        "IAM User Guide: Policy evaluation logic",
    ),
)


class Gate:
    """`enforced` False: nothing is decided, for debugging. Not thread-safe: called under the state lock.

    `revision` grows with every write that a decision could depend on.
    """

    def __init__(self, account: Account, usage: Usage, *, enforced: bool = True) -> None:
        self.account = account
        self.enforced = enforced
        self.revision = 0
        self.usage = usage
        self.callers = Callers(account)

    def written(self, service: str) -> None:
        """A call of this service changed something."""
        self.revision += 1
        if service in {"iam", "sts"}:
            self.callers.forget()

    def refuse(self, call: Call) -> Refusal | None:
        """AWS's refusal of a call, or None."""
        if not self.enforced:
            return None
        if call.access_key_id is None:
            return Refusal(
                403, "MissingAuthenticationToken", "Request is missing Authentication Token", "iam.call.denied"
            )
        try:
            caller = self.callers.find(call.access_key_id)
            return self._decide(call, caller)
        except UnknownKey as error:
            return answer.invalid_key(call, str(error), expired=error.expired)
        except (UnreadablePolicy, NoSuchRegion) as error:
            _LOG.warning("refused: %s:%s: %s", call.service, call.operation, error)
            what = "a policy that decides on it cannot be read" if isinstance(error, UnreadablePolicy) else "no region"
            message = f"{call.service}:{call.operation} is refused: {what}: {error}"
            return answer.denied(call, message, "iam.policy.unreadable")

    def _decide(self, call: Call, caller: Caller) -> Refusal | None:
        mapper = MAPPED.get(call.service, {}).get(call.operation)
        if mapper is None:
            return None if caller.operator else self._unmapped(call, caller)
        shared = _shared(call.region, call.source_ip, call.user_agent)
        for need in mapper(call, self.account):
            try:
                decision = self.decide(caller, need, shared)
            except UnreadablePolicy as error:
                if not caller.operator:
                    raise
                _LOG.warning("the operator may mend it: %s", error)
                continue
            if not decision.allowed and not (caller.operator and decision.reason != "explicit deny"):
                _LOG.warning("denied: %s (%s:%s)", decision.message, call.service, call.operation)
                return answer.denied(call, decision.message, "iam.call.denied")
        return None

    def _unmapped(self, call: Call, caller: Caller) -> Refusal:
        listed = {key: value if isinstance(value, list) else [value] for key, value in call.parameters.items()}
        plain = {key: values for key, values in listed.items() if all(isinstance(one, str) for one in values)}
        named = ", ".join(f"{key}={' '.join(values)}" for key, values in plain.items())
        message = (
            f"{caller.principal.arn} called {call.service}:{call.operation} ({named[:200] or 'no named resource'}): "
            "this local cloud does not know which actions and resources that needs, and lets nothing through that it "
            "cannot decide (localcloud/enforcement/services)"
        )
        _LOG.warning("unmapped: %s", message)
        return answer.denied(call, message, "iam.call.unmapped")

    def decide(self, caller: Caller, need: Need, shared: Mapping[str, Any]) -> Decision:
        """The decision on one need of a role, user or the operator; counted for roles. Raises `UnreadablePolicy`."""
        context = self.context(need, {**shared, **_of(caller, need)})
        request = Request(caller.principal, need.action, need.resource, context)
        policies = Policies(caller.identity, caller.boundary, self._resource_policy(need), caller.limits)
        decision = evaluate(request, policies, trust=_trust(need))
        if not decision.allowed and decision.reason != "explicit deny" and self._granted(caller, need, context):
            return Decision(True, "allow", (), "")
        if caller.principal.kind == "role":
            self.usage.count(caller.name, caller.identity, (need.action, need.resource), decision)
        return decision

    def usage_document(self) -> dict[str, Any]:
        """The usage record, with every role that there is now and the functions that run under it."""
        functions: dict[str, list[str]] = {}
        for function in self.account.functions():
            functions.setdefault(str(function.role).rpartition("/")[2], []).append(function.function_name)
        for role in self.account.roles():
            try:
                self.usage.learn(role.name, self.callers.role(role.arn, "").identity)
            except UnreadablePolicy as error:
                _LOG.warning("no usage of %s: %s", role.name, error)
        return self.usage.document(functions)

    def _resource_policy(self, need: Need) -> Any:
        if need.action == "iam:PassRole":
            return None  # the role's trust policy says who may assume it, not who may pass it on
        return self.account.resource_policy(need.resource)

    def _granted(self, caller: Caller, need: Need, context: Context) -> bool:
        if not need.action.startswith("kms:") or need.resource.count(":") < 5:  # noqa: PLR2004 - an ARN's colons
            return False
        key = self.account.key(need.resource, need.resource.split(":")[3])
        return key is not None and granted(key, caller.principal.role_arn, need.action, context)

    def context(self, need: Need, keys: Mapping[str, Any]) -> Context:
        """The need's own keys over the shared ones; tags are looked up when a policy asks for one."""

        def tags() -> Mapping[str, str]:
            return self.account.tags(need.resource)

        service = need.action.partition(":")[0]
        families = {"aws:resourcetag": tags, f"{service}:resourcetag": tags}
        return Context({**keys, **need.keys, "aws:resourceaccount": (self.account.id,)}, families)


def _trust(need: Need) -> Trust:
    """Keys and roles are used by whom their own policy lets, or by whom the account lets where that hands it on.

    Nothing else of KMS and STS has a policy of its own: aliases, lists of keys, decoding a message.
    """
    service, _, kind = need.resource.partition(":")[2].partition(":")[2].partition(":")
    own = (service == "kms" and ":key/" in kind) or (service == "iam" and need.action.startswith("sts:"))
    return "resource-only" if own else "identity-or-resource"


def _shared(region: str, source_ip: str, user_agent: str) -> Mapping[str, Any]:
    """Keys of every request. On AWS it would have come over TLS: what a policy says of that must not depend on here."""
    now = datetime.datetime.now(datetime.UTC)
    return {
        "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:requestedregion": (region,),
        "aws:securetransport": ("true",),
        "aws:sourceip": (source_ip,),
        "aws:useragent": (user_agent,),
    }


def shared_of_service(region: str) -> Mapping[str, Any]:
    """Keys of a request that a service makes for itself: no address of a caller's, no user agent."""
    keys = dict(_shared(region, "", ""))
    del keys["aws:sourceip"], keys["aws:useragent"]
    return keys


def _of(caller: Caller, need: Need) -> Mapping[str, Any]:
    principal = caller.principal
    keys: dict[str, Any] = {
        # of a session the role's ARN, not the session's
        "aws:principalarn": (principal.role_arn or principal.arn,),
        "aws:principalaccount": (principal.account,),
        "aws:principaltype": ({"role": "AssumedRole", "user": "User", "root": "Account"}[principal.kind],),
        "aws:userid": (caller.user_id,),
        "aws:principalisawsservice": ("false",),
        "aws:viaawsservice": (str(need.via is not None).lower(),),
        **{f"aws:principaltag/{name.lower()}": (value,) for name, value in caller.tags},
    }
    if principal.kind == "user":
        keys["aws:username"] = (caller.name,)
    if principal.kind == "role":  # temporary credentials say so, a user's own key says nothing
        keys["aws:multifactorauthpresent"] = ("false",)
    if need.via in _CALLED_VIA:
        via = (f"{need.via}.amazonaws.com",)
        keys |= {"aws:calledvia": via, "aws:calledviafirst": via, "aws:calledvialast": via}
    return keys
