"""An API that came back has a new id: functions must admit it under that, too."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.cleanup.account import code, present

if TYPE_CHECKING:
    from collections.abc import Iterable

_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+(?::[\w-]+)?")
_SOURCES = ("aws:sourcearn",)


def functions_in(texts: Iterable[str]) -> list[str]:
    """The ARNs of functions (with their alias, where there is one) in integrations' URIs."""
    return sorted({found for text in texts for found in _FUNCTION.findall(text or "")})


def readmit(aws: Any, functions: Iterable[str], old: str, new: str) -> None:
    """Repeat each permission that names the old API's id for the new one. `aws` is Lambda's client."""
    for function in functions if old != new else ():
        parts = function.split(":")
        place = {"FunctionName": ":".join(parts[:7])} | ({"Qualifier": parts[7]} if parts[7:] else {})
        policy = present(lambda at=place: aws.get_policy(**at))  # type: ignore[misc]
        for statement in json.loads(policy["Policy"])["Statement"] if policy else ():
            source = _source(statement)
            if f":{old}/" in source:
                _admit(aws, place, statement, source.replace(f":{old}/", f":{new}/"), new)


def _source(statement: dict[str, Any]) -> str:
    for conditions in statement.get("Condition", {}).values():
        for key, value in conditions.items():
            if key.lower() in _SOURCES:
                return str(value)
    return ""


def _admit(aws: Any, place: dict[str, str], statement: dict[str, Any], source: str, new: str) -> None:
    try:
        aws.add_permission(
            **place,
            StatementId=f"{statement['Sid'][:80]}-{new}",
            Action=statement["Action"],
            Principal=statement["Principal"]["Service"],
            SourceArn=source,
        )
    except ClientError as error:
        if code(error) != "ResourceConflictException":  # admitted by an undo that was killed
            raise
