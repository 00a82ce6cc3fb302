"""IAM's OpenID Connect providers: whom outside of AWS a role may trust (a forge's workflows)."""
# ruff: noqa: A002, ARG002, D102, PLR2004 - `ResourceType` says what each method does

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from localcloud.provider.resource import Label, ResourceType, Scope, Violation
from localcloud.provider.tagging import Tagging
from localcloud.provider.wire import Properties

_TAGGING = Tagging(
    "iam",
    "OpenIDConnectProviderArn",
    "list_open_id_connect_provider_tags",
    tag_call="tag_open_id_connect_provider",
    untag_call="untag_open_id_connect_provider",
)


class OpenIdConnectProvider(ResourceType):
    """Thumbprints are optional: IAM takes the certificate's own where its authority is a well-known one."""

    pulumi_type = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    label = Label.ENFORCED
    remove = ("iam", "delete_open_id_connect_provider", "OpenIDConnectProviderArn")
    tagging = _TAGGING
    force_new = frozenset({"url"})
    unordered = frozenset({"clientIdLists"})
    filled = frozenset({"thumbprintLists"})
    importable = True

    def check(self, inputs: Properties) -> Iterable[Violation]:
        yield from _url(str(inputs["url"])) if "url" in inputs else ()
        clients, thumbprints = inputs.get("clientIdLists", []), inputs.get("thumbprintLists", [])
        if "clientIdLists" in inputs and not 1 <= len(clients) <= 100:
            yield "clientIdLists", f"{len(clients)} client ids; AWS takes 1 to 100 a provider"
        for index, client in enumerate(clients):
            if not 1 <= len(str(client)) <= 255:
                yield f"clientIdLists[{index}]", "AWS takes 1 to 255 characters"
        if len(thumbprints) > 5:
            yield "thumbprintLists", f"{len(thumbprints)} thumbprints; AWS takes 5 at most"
        for index, thumbprint in enumerate(thumbprints):
            if not re.fullmatch(r"[0-9A-Fa-f]{40}", str(thumbprint)):
                yield f"thumbprintLists[{index}]", "not 40 hexadecimal digits (SHA-1 of the authority's certificate)"

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


def _url(url: str) -> Iterable[Violation]:
    """IAM: begins with https://, is the `iss` claim, may have a path but no query, 255 characters at most."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        yield "url", "must be an https:// URL: the issuer, as in the token's iss claim"
    elif parts.query or parts.fragment:
        yield "url", "must have no query and no fragment"
    elif len(url) > 255:
        yield "url", f"{len(url)} characters; AWS takes 255"


TYPES = (OpenIdConnectProvider(),)
