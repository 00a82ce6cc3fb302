"""The page `/_localcloud/faults`: documents in, documents out (see the package)."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from localcloud.faults.active import Faults
from localcloud.faults.fault import BadFaultError, parse

PAGE = "faults"
METHODS = ("GET", "POST", "DELETE")
MOST_FAULTS = 100

type Answer = tuple[HTTPStatus, dict[str, Any]]
# Raises ValueError with the reason why not.
type Corrupt = Callable[[dict[str, Any]], dict[str, Any]]


def control(faults: Faults, method: str, id_: str, body: bytes, corrupt: Corrupt) -> Answer:
    """The page's answer; `id_` is empty where the path names no fault. `corrupt` damages a recovery point."""
    if method == "GET" and not id_:
        return HTTPStatus.OK, {"faults": faults.listed()}
    if method == "POST" and not id_:
        return _set(faults, body, corrupt)
    if method == "DELETE":
        cleared = faults.clear(id_ or None)
        return (HTTPStatus.NOT_FOUND if id_ and not cleared else HTTPStatus.OK), {"cleared": cleared}
    return HTTPStatus.METHOD_NOT_ALLOWED, {"message": f"this page takes {', '.join(METHODS)}"}


def _set(faults: Faults, body: bytes, corrupt: Corrupt) -> Answer:
    """All of the document's faults or none."""
    try:
        document = json.loads(body)
        if isinstance(document, dict) and document.get("kind") == "corrupt":
            return HTTPStatus.CREATED, {"corrupted": corrupt(document)}
        several = document["faults"] if isinstance(document, dict) and set(document) == {"faults"} else [document]
        if not isinstance(several, list) or not several:
            raise BadFaultError("faults is a list that is not empty")
        parsed = [parse(one) for one in several]
        if len(faults.listed()) + len(parsed) > MOST_FAULTS:
            raise BadFaultError(f"there are at most {MOST_FAULTS} faults at a time")
    except ValueError as error:  # BadFaultError and the JSON parser's are both
        return HTTPStatus.BAD_REQUEST, {"message": str(error)}
    return HTTPStatus.CREATED, {"faults": faults.add(parsed)}
