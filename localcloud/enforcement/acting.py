"""What services do for us: as themselves, by a resource's policy; or with a role that trusts them."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.enforcement.gate import Gate, shared_of_service
from localcloud.enforcement.need import Need
from localcloud.enforcement.services.messaging import queue_key, topic_key
from localcloud.iam.evaluate import Decision, Policies, evaluate
from localcloud.iam.policy import UnreadablePolicy
from localcloud.iam.request import Principal, Request
from localcloud.persistence.lock import StateLock

_LOG = logging.getLogger(__name__)
_DELIVERED = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}
_ALLOWED = Decision(True, "allow", (), "")


class Acting:
    """Decides for services; safe to call from any thread. Everything is allowed where permissions are off."""

    def __init__(self, gate: Gate, lock: StateLock) -> None:
        self.gate = gate
        self._lock = lock

    @property
    def revision(self) -> int:
        """Grows with every write that a decision could depend on: a decision may be kept until then."""
        return self.gate.revision

    def usage_document(self) -> dict[str, Any]:
        """Which statements of which role were used, and what was denied (see `usage`)."""
        with self._lock.hold():
            return self.gate.usage_document()

    def acting(self, service: str, action: str, resource: str, context: Mapping[str, tuple[str, ...]]) -> Decision:
        """Whether a service (`sns.amazonaws.com`) may do something as itself: the resource's own policy decides.

        `context` is what the service sends, by condition key: `aws:SourceArn`, `aws:SourceAccount`.
        """
        return self._as_service(service, [Need(action, resource, {key.lower(): v for key, v in context.items()})])

    def send(self, service: str, target_arn: str, source_arn: str) -> Decision:
        """Whether a service may send to a queue or topic (with its key), or call a function: by their policies."""
        account = self.gate.account
        kind, region, _, name = target_arn.split(":")[2:6]
        source = {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (account.id,)}
        keys: list[Need] = []
        with self._lock.hold():
            if kind == "sns":
                keys = list(topic_key(account, target_arn, region))
            elif kind == "sqs":
                keys = list(queue_key(account, name, region, "GenerateDataKey Decrypt"))
        needs = [Need(_DELIVERED[kind], target_arn), *keys]
        return self._as_service(service, [Need(one.action, one.resource, {**one.keys, **source}) for one in needs])

    def assume(self, service: str, role_arn: str, context: Mapping[str, tuple[str, ...]] | None = None) -> Decision:
        """Whether a role lets a service assume it."""
        return self.acting(service, "sts:AssumeRole", role_arn, context or {})

    def with_role(self, service: str, role_arn: str, session: str, needs: Iterable[Need]) -> Decision:
        """Whether a service that was given a role may assume it and then do everything in `needs`.

        `session` is the name that the service gives its session: Lambda the function's.
        """
        if not self.gate.enforced:
            return _ALLOWED
        trusted = self.assume(service, role_arn)
        return trusted if not trusted.allowed else self.as_role(role_arn, session, needs)

    def as_role(self, role_arn: str, session: str, needs: Iterable[Need]) -> Decision:
        """Whether a session of a role may do everything in `needs`."""
        with self._lock.hold():
            return self._guarded(lambda: self._all_as_role(role_arn, session, needs))

    def _all_as_role(self, role_arn: str, session: str, needs: Iterable[Need]) -> Decision:
        if not self.gate.enforced:
            return _ALLOWED
        caller = self.gate.callers.role(role_arn, session)
        for need in needs:
            region = need.resource.split(":")[3] if need.resource.startswith("arn:") else ""
            decision = self.gate.decide(caller, need, shared_of_service(region))
            if not decision.allowed:
                _LOG.warning("denied: %s", decision.message)
                return decision
        return _ALLOWED

    def _as_service(self, service: str, needs: list[Need]) -> Decision:
        with self._lock.hold():
            return self._guarded(lambda: self._all_as_service(service, needs))

    def _all_as_service(self, service: str, needs: list[Need]) -> Decision:
        if not self.gate.enforced:
            return _ALLOWED
        principal = Principal(service, self.gate.account.id, "service")
        for need in needs:
            region = need.resource.split(":")[3] if need.resource.startswith("arn:") else ""
            named: Mapping[str, Any] = {
                **shared_of_service(region),
                "aws:principalisawsservice": ("true",),
                "aws:principalservicename": (service,),
            }
            request = Request(principal, need.action, need.resource, self.gate.context(need, named))
            policy = self.gate.account.resource_policy(need.resource)
            decision = evaluate(request, Policies(resource=policy), trust="resource-only")
            if not decision.allowed:
                _LOG.warning("denied: %s", decision.message)
                return decision
        return _ALLOWED

    def _guarded(self, decide: Any) -> Decision:
        try:
            decision: Decision = decide()
        except UnreadablePolicy as error:
            _LOG.warning("denied: a policy cannot be read: %s", error)
            return Decision(False, "implicit deny", (), f"a policy that decides on it cannot be read: {error}")
        return decision
