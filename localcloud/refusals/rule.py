"""One refusal as data: what is refused, where in this cloud, at which limit, and who says so."""

from dataclasses import dataclass
from typing import Literal

type Where = Literal["check", "apply", "call", "invoke", "acting"]


@dataclass(frozen=True)
class Rule:
    """`subject`: a Pulumi type token ("aws:kms/key:Key") or "service:Operation" ("dynamodb:PutItem").

    `where`: "check" (a preview refuses it), "apply" (create, update or delete by the provider), "call" (an AWS
    call, before moto), "invoke" (a function's start or answer, a gateway request), "acting" (a service acting for
    us). `source` names AWS's own reference or botocore's model; ids are unique, "service.thing.short-words".
    """

    id: str
    where: Where
    subject: str
    what: str
    limit: str
    source: str


@dataclass(frozen=True)
class NotCovered:
    """A rule of AWS that is known and not enforced here; `why` says what that would take."""

    subject: str
    what: str
    why: str
    source: str
