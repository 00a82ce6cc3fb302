"""The calls of Bedrock's runtime that are answered here, from the request to the last byte."""

import contextlib
import json
import logging
import time
import uuid
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment

from localcloud.bedrock import reply as replies
from localcloud.bedrock import stream, turn, validation
from localcloud.bedrock.invocation_log import InvocationLog
from localcloud.bedrock.prompt_cache import Counted, PromptCache, total
from localcloud.bedrock.quotas import Quotas
from localcloud.bedrock.refused import STATUS, Refused, invalid, of_code
from localcloud.bedrock.reply import Reply
from localcloud.bedrock.settings import Control
from localcloud.bedrock.target import PROFILES, Target, find
from localcloud.endpoint.call import Call
from localcloud.enforcement import answer
from localcloud.limits import Refusal
from localcloud.registry import Registry

SERVICE = "bedrock-runtime"
LABEL = ("x-localcloud-stand-in", "bedrock")
_LOG = logging.getLogger(__name__)

type Document = dict[str, Any]


class Runtime:
    """Thread-safe; holds no lock of the state's while a model thinks."""

    def __init__(self, account_id: str, registry: Registry, log: InvocationLog) -> None:
        self._account_id = account_id
        self._registry = registry
        self._log = log
        self._cache = PromptCache()
        self._quotas = Quotas()
        self.control = Control()

    def target(self, named: str, region: str) -> Target:
        """Where a `modelId` leads. Raises `Refused`."""
        return find(named, region, self._account_id, lambda arn: self._registry.get(PROFILES, arn))

    def answer(self, call: Call, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The answer to an authorised call."""
        request_id = str(uuid.uuid4())
        body = _sent(environ)
        try:
            match call.operation:
                case "CountTokens":
                    return _json(self._counted(call, body), request_id, start_response)
                case "Converse" | "ConverseStream":
                    return self._conversed(call, body, request_id, start_response)
                case operation:
                    return _refuse("UnknownOperationException", f"this local cloud does not answer {operation}", 404)
        except Refused as refused:
            if call.operation.startswith("Converse"):
                self._log.refused(call, body, request_id, refused.code)
            refusal = Refusal(refused.status, refused.code, refused.message, SERVICE)
            status, headers, content = answer.render(call, refusal, environ.get("CONTENT_TYPE", ""), request_id)
            start_response(status, [*headers, LABEL])
            return [content]

    def _counted(self, call: Call, body: Document) -> Document:
        target = self.target(str(call.parameters["modelId"]), call.region)
        if not target.model.counts or len(target.resources) > 1:
            raise invalid("The provided model doesn't support counting tokens.")
        request = (body.get("input") or {}).get("converse")
        if request is None:
            raise invalid("This local cloud counts the tokens of converse requests only.")
        validation.check(target.model, request)
        return {"inputTokens": total(request)}

    def _conversed(self, call: Call, body: Document, request_id: str, start_response: StartResponse) -> Iterable[bytes]:
        began = time.monotonic()
        target = self.target(str(call.parameters["modelId"]), call.region)
        if not target.model.on_demand and len(target.resources) == 1:
            raise invalid(
                f"Invocation of model ID {target.model.id} with on-demand throughput isn\u2019t supported. Retry your"
                " request with the ID or ARN of an inference profile that contains this model."
            )
        validation.check(target.model, body)
        _raise(turn.read(body["messages"]).raised("error", target.model.id))
        said, counted = self._thought(target, call, body)
        time.sleep(said.wait + self.control.now.first_token_ms / 1000)
        streams = call.operation == "ConverseStream"
        if not streams:
            time.sleep(said.stall + said.tokens * self.control.now.token_ms / 1000)
            if said.broken:
                _raise("ModelErrorException" if said.broken.startswith("ModelStream") else said.broken)
        measured: Document = {"usage": _usage(counted, said), "metrics": {"latencyMs": _since(began)}}
        self._log.answered(call, body, request_id, target, _whole(said, measured), measured["usage"], said.broken)
        if not streams:
            return _json(_whole(said, measured), request_id, start_response)
        headers = [("Content-Type", "application/vnd.amazon.eventstream"), ("x-amzn-RequestId", request_id), LABEL]
        start_response("200 OK", headers)
        metadata = lambda: {"usage": measured["usage"], "metrics": {"latencyMs": _since(began)}}  # noqa: E731
        return stream.frames(said, metadata, self.control.now.token_ms / 1000)

    def _thought(self, target: Target, call: Call, body: Document) -> tuple[Reply, Counted]:
        """The reply and what its input was, within the quota."""
        model = target.model
        most = int((body.get("inferenceConfig") or {}).get("maxTokens") or model.most_output)
        taken = self._quotas.take((model.id, call.region), total(body) + most, self.control.now)
        said = replies.reply(model, body)
        counted = self._cache.count(model, f"{call.region}/{model.id}", body)
        self._quotas.settle(taken, counted.plain + counted.write + said.tokens * model.burndown)
        return said, counted


def _refuse(code: str, message: str, status: int) -> NoReturn:
    raise Refused(code, message, status)


def _since(began: float) -> int:
    return max(1, round((time.monotonic() - began) * 1000))


def _raise(code: str | None) -> None:
    if code is None:
        return
    if code not in STATUS:
        raise invalid(f"[[error …]] names {code}: one of {', '.join(STATUS)}")
    raise of_code(code)


def _usage(counted: Counted, said: Reply) -> Document:
    usage = {
        "inputTokens": counted.plain,
        "outputTokens": said.tokens,
        "totalTokens": counted.plain + counted.read + counted.write + said.tokens,
        "cacheReadInputTokens": counted.read,
        "cacheWriteInputTokens": counted.write,
    }
    details = [{"ttl": ttl, "inputTokens": many} for ttl, many in counted.written]
    return {**usage, **({"cacheDetails": details} if details else {})}


def _whole(said: Reply, measured: Mapping[str, Any]) -> Document:
    message = {"role": "assistant", "content": said.content}
    return {"output": {"message": message}, "stopReason": said.stop_reason, **measured}


def _sent(environ: WSGIEnvironment) -> Document:
    """The body as it was sent: botocore's model has no members for the documents in it."""
    body: Any = environ["wsgi.input"]
    with contextlib.suppress(AttributeError, OSError):
        body.seek(0)
    found = json.loads(body.read() or b"{}")
    return found if isinstance(found, dict) else {}


def _json(document: Document, request_id: str, start_response: StartResponse) -> list[bytes]:
    content = json.dumps(document, ensure_ascii=False).encode()
    start_response(
        f"200 {HTTPStatus.OK.phrase}",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("x-amzn-RequestId", request_id),
            LABEL,
        ],
    )
    return [content]
