"""One reading of a request: what was decided on is what moto does.

moto finds operation, parameters and region anew, and more leniently than AWS: `?Action=` comes before the target
header, a JSON body is tried as a form (a text with `&Action=Scan&` in it is enough), any `region/…` of the user agent
counts, an `OPTIONS` request is executed, `/moto-api` resets the account. So a request that can be read in two ways is
refused, moto is told which operation was read, and finds nothing else to go by.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from moto.core.model import OperationModel
from moto.core.request import Request
from moto.core.responses import BaseResponse

OPERATION = "localcloud.operation"
_PROTOCOL = "localcloud.protocol"
# Pages of moto's own, whoever's bucket they look like.
_MOTOS = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")
CONTROL = "/v20180820/"  # S3 control: another service under the same signing name
_REGION = re.compile(r"\.([^./]+)\.amazonaws\.com")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def ambiguity(request: Request, operation: OperationModel, protocol: str, region: str) -> str | None:
    """Why a request could be read in two ways; None for one that cannot."""
    service = operation.service_model.service_name
    if service != "s3":
        named = _REGION.search(f"{request.host}{request.environ.get('RAW_URI', '')}")
        if named and named[1] != region:
            return f"its address names {named[1]}, its signature {region}"
    arguments = [name for name in request.args if not name.lower().startswith("x-amz-")]
    if protocol == "json":
        return f"parameters in the address: {_listed(arguments)}" if arguments else None
    if protocol in {"query", "ec2"}:
        if arguments and request.form:
            return f"parameters in the address and in the body: {_listed(arguments)}"
        sent = Counter(name for source in (request.args, request.form) for name, _ in source.items(multi=True))
        twice = [name for name, count in sent.items() if count > 1]
        return f"parameters given twice: {_listed(twice)}" if twice else None
    known = _arguments(operation)
    unknown = [name for name in arguments if known is not None and name not in known and not name.startswith("x-")]
    return f"parameters that {operation.name} does not have: {_listed(unknown)}" if unknown else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


@functools.cache
def _arguments(operation: OperationModel) -> frozenset[str] | None:
    """What an operation reads from the address; None for one that takes a map: any name."""
    members = operation.input_shape.members.values() if operation.input_shape is not None else ()
    bound = [one for one in members if one.serialization.get("location") == "querystring"]
    if any(one.type_name == "map" for one in bound):
        return None
    return frozenset([*(one.serialization.get("name", "") for one in bound), *operation.http_trait.query_args])


def settle(environ: WSGIEnvironment, operation: str, protocol: str, scope: str) -> None:
    """Leave moto one way to read the request. `scope`: `Credential=…/aws4_request`."""
    environ[OPERATION], environ[_PROTOCOL] = operation, protocol
    environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    environ["HTTP_USER_AGENT"] = environ.get("HTTP_USER_AGENT", "").replace("region/", "region ")
    if protocol in {"json", "rest-json"} and environ.get("CONTENT_TYPE", "").lower().startswith(_FORMS):
        environ["CONTENT_TYPE"] = "application/x-amz-json-1.0" if protocol == "json" else "application/json"


def preflight(environ: WSGIEnvironment) -> bool:
    """Whether a browser asks about a bucket before it uploads (CORS); it is left no other way to be read."""
    asks = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    if not asks or not environ["PATH_INFO"].strip("/"):
        return False
    environ.pop("HTTP_X_AMZ_TARGET", None)
    environ["QUERY_STRING"] = ""
    settle(environ, "", "rest-xml", "Credential=preflight/20000101/us-east-1/s3/aws4_request")
    return True


def motos_own(path: str, method: str, host: str) -> bool:
    """Whether moto would not take a request for a call of the service that it is signed for."""
    return path.startswith(_MOTOS) or "s3-control" in host or (method == "OPTIONS" and path.startswith(CONTROL))


def install() -> None:
    """Tell moto the operation, and keep it from guessing parameters; done once, when the endpoint starts."""
    if hasattr(BaseResponse, "_localcloud_reading"):
        return
    find, set_up = BaseResponse._get_action, BaseResponse.setup_class

    def operation(self: BaseResponse) -> str:
        read: str | None = self.normalized_request.environ.get(OPERATION)
        if read and str(self.normalized_request.environ.get(_PROTOCOL)).startswith("rest-"):
            # for its side effect: moto takes the parameters of the path from here
            self._get_action_from_method_and_request_uri(self.normalized_request)
        # S3 goes by method, path and sub-resource, and keeps names of its own here
        return find(self) if not read or self.service_name == "s3" else read

    def set_up_plainly(self: BaseResponse, request: Any, *arguments: Any, **named: Any) -> None:
        set_up(self, request, *arguments, **named)
        if request.environ.get(_PROTOCOL) in {"json", "rest-json"}:
            # neither the body nor the headers are a query string
            self.querystring = self.data = dict(parse_qs(self.parsed_url.query, keep_blank_values=True))

    patched: Any = BaseResponse
    patched._get_action, patched.setup_class = operation, set_up_plainly
    patched._localcloud_reading = True
