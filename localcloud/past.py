"""The page `/_localcloud/past`: gives resources an age and AWS's own metrics, which no API call can.

A cloud that was started a minute ago holds nothing that is older, and nobody but AWS may publish into `AWS/…`. What
judges by age and use could never be tried on it. The document (both parts may be left out):

    {"born": [{"service": "dynamodb", "region": "eu-central-1", "name": "orders", "at": "2023-03-01T08:00:00Z"}],
     "metrics": [{"region": "eu-central-1", "namespace": "AWS/Lambda", "name": "Invocations",
                  "dimensions": {"FunctionName": "f"}, "at": "2026-11-20T08:00:00Z", "value": 12}]}

`name` is a table, function, log group, role or bucket by name, an API by its id, a secret by name or ARN.
"""

import datetime
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from moto.backends import get_backend
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

PAGE = "past"

type Answer = tuple[HTTPStatus, dict[str, Any]]
type _Born = Callable[[Any, str, datetime.datetime], None]


def tell(account: str, body: bytes) -> Answer:
    """Apply a document; 400 says what in it names nothing, and what came before it stays."""
    try:
        document = json.loads(body)
        for one in document.get("born") or ():
            _BORN[one["service"]](_backend(one["service"], account, one["region"]), one["name"], _time(one["at"]))
        for one in document.get("metrics") or ():
            _metric(_backend("cloudwatch", account, one["region"]), one)
    except (ValueError, KeyError, AttributeError, TypeError, HTTPException, ServiceException) as error:
        return HTTPStatus.BAD_REQUEST, {"message": f"{type(error).__name__}: {error}"}
    counts = {part: len(document.get(part) or ()) for part in ("born", "metrics")}
    return HTTPStatus.OK, counts


def _backend(service: str, account: str, region: str) -> Any:
    backends: Any = get_backend(service)  # type: ignore[call-overload]
    return backends[account]["aws" if service in ("iam", "s3", "cloudfront") else region]


def _time(text: str) -> datetime.datetime:
    parsed = datetime.datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)


def _metric(backend: Any, one: Mapping[str, Any]) -> None:
    dimensions = [{"Name": name, "Value": value} for name, value in one["dimensions"].items()]
    datum = {
        "MetricName": one["name"], "Dimensions": dimensions, "Value": one["value"],
        "Timestamp": _naive(_time(one["at"])),
    }  # fmt: skip
    backend.put_metric_data(one["namespace"], [datum])


def _naive(at: datetime.datetime) -> datetime.datetime:
    return at.replace(tzinfo=None)


def _table(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.tables[name].created_at = _naive(at)


def _function(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.get_function(name).last_modified = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _rest_api(backend: Any, name: str, at: datetime.datetime) -> None:
    api = backend.apis[name]
    api.create_date = int(at.timestamp())
    for stage in api.stages.values():
        stage.created_date = stage.last_updated_date = int(at.timestamp())


def _api(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.apis[name].created_date = _naive(at)


def _log_group(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.groups[name].creation_time = _naive(at)


def _role(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.get_role(name).create_date = _naive(at)


def _bucket(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.head_bucket(name).creation_date = at


def _secret(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.secrets[name].created_date = int(at.timestamp())


def _distribution(backend: Any, name: str, at: datetime.datetime) -> None:
    backend.get_distribution(name)[0].last_modified_time = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


_BORN: Mapping[str, _Born] = {
    "dynamodb": _table,
    "lambda": _function,
    "apigateway": _rest_api,
    "apigatewayv2": _api,
    "logs": _log_group,
    "iam": _role,
    "s3": _bucket,
    "secretsmanager": _secret,
    "cloudfront": _distribution,
}
