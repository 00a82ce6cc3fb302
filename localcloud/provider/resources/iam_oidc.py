"""IAM's OpenID Connect providers: whom outside of AWS a role may trust (a forge's workflows)."""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

from typing import Any
from urllib.parse import urlsplit

from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.tagging import Tagging
from localcloud.provider.wire import Properties
from localcloud.refusals.check import Check, Of
from localcloud.refusals.model import Api, checks_of

_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
_TAGGING = Tagging(
    "iam",
    "OpenIDConnectProviderArn",
    "list_open_id_connect_provider_tags",
    tag_call="tag_open_id_connect_provider",
    untag_call="untag_open_id_connect_provider",
)


class OpenIdConnectProvider(ResourceType):
    """Thumbprints are optional: IAM takes the certificate's own where its authority is a well-known one."""

    pulumi_type = _PROVIDER
    label = Label.ENFORCED
    remove = ("iam", "delete_open_id_connect_provider", "OpenIDConnectProviderArn")
    tagging = _TAGGING
    force_new = frozenset({"url"})
    unordered = frozenset({"clientIdLists"})
    filled = frozenset({"thumbprintLists"})
    importable = True

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return f"arn:aws:iam::{scope.account_id}:oidc-provider/{str(inputs['url']).removeprefix('https://')}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        made = scope.client("iam").create_open_id_connect_provider(
            Url=inputs["url"],
            ClientIDList=inputs["clientIdLists"],
            ThumbprintList=inputs.get("thumbprintLists", []),
        )
        return str(made["OpenIDConnectProviderArn"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """Client ids change in place on AWS; moto lacks those calls, so the same ARN is made anew. Tags follow."""
        if not olds:
            return
        if set(news["clientIdLists"]) != set(olds.get("clientIdLists", ())):
            self.delete(scope, id, olds)
            self.create(scope, {**news, "thumbprintLists": news.get("thumbprintLists") or olds.get("thumbprintLists")})
        elif news.get("thumbprintLists"):  # AWS takes no empty list here: what was stays
            scope.client("iam").update_open_id_connect_provider_thumbprint(
                OpenIDConnectProviderArn=id, ThumbprintList=news["thumbprintLists"]
            )

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=id)
        return {
            "arn": id,
            "url": f"https://{found['Url'].removeprefix('https://')}",
            "clientIdLists": found["ClientIDList"],
            "thumbprintLists": found["ThumbprintList"],
        }

    def tagged(self, id: str, state: Properties) -> str:
        return id


def _url(value: Any) -> str | None:
    """IAM: begins with https://, is the `iss` claim, may have a path but no query."""
    parts = urlsplit(str(value))
    if parts.scheme != "https" or not parts.hostname:
        return "must be an https:// URL: the issuer, as in the token's iss claim"
    return "must have no query and no fragment" if parts.query or parts.fragment else None


_ON = Of(_PROVIDER, "IAM API reference: CreateOpenIDConnectProvider")
_MODELLED, NOT_COVERED = checks_of(
    _PROVIDER,
    Api("iam CreateOpenIDConnectProvider", {"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"}),
)
RULES: tuple[Check, ...] = (
    *_MODELLED,
    _ON.each("issuer", "url", _url, "an issuer that is no https URL, or has a query", "https://"),
    _ON.count("clientIdLists", 100, "IAM quotas: client ids of an OpenID Connect provider", least=1),
    _ON.count("thumbprintLists", 5),
    _ON.matching(
        "thumbprintLists[]", "[0-9A-Fa-f]{40}", "40 hexadecimal digits (SHA-1 of the authority's certificate)"
    ),
)
TYPES = (OpenIdConnectProvider(),)
