"""ExportTableToPointInTime: a table as it was, in a bucket, in the layout and format of AWS's own exports.

Source: DynamoDB developer guide, "DynamoDB table export output format" (full export, DynamoDB JSON).
"""

import base64
import datetime
import functools
import gzip
import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from moto.dynamodb.models.utilities import dynamo_json_dump

from localcloud.backup import items, journal, listing, native
from localcloud.backup.contents import Definition
from localcloud.backup.items import Plain, PlainItem
from localcloud.backup.journal import PastItems
from localcloud.backup.refused import Refused
from localcloud.backup.service import Backup
from localcloud.backup.state import Document, now
from localcloud.endpoint.call import Call

# AWS writes a file for each partition; here for each so many items, so that there is more than one to read.
_FILE_ITEMS = 500
_VERSION = "2020-06-30"


@dataclass
class Export:
    """`document`: ExportDescription; kept in moto's backend, as its exports are."""

    document: Document
    definition: Definition
    prefix: str
    tokens: str | None = None
    files: list[Document] = field(default_factory=list)


def _start(backup: Backup, call: Call) -> Document:
    parameters, backend = call.parameters, backup.account.backend("dynamodb", call.region)
    token = parameters.get("ClientToken")
    for one in backend.table_exports.values():
        if token and one.tokens == token:
            return {"ExportDescription": one.document}
    for name, only in (("ExportFormat", "DYNAMODB_JSON"), ("ExportType", "FULL_EXPORT")):
        if parameters.get(name) not in (None, only):
            raise Refused("ValidationException", f"This local cloud exports {name} {only} only.")
    table = native.table_of(backup, str(parameters["TableArn"]), call.region)
    moment = _moment(table, parameters.get("ExportTime"))
    export = _export(table, moment, call)
    backend.table_exports[export.document["ExportArn"]] = export
    kept = journal.of(table)
    past = PastItems(table, kept, moment.timestamp()) if kept is not None else None
    backup.jobs.start(functools.partial(_write, backup, export, past))
    return {"ExportDescription": export.document}


def _moment(table: Any, wanted: Any) -> datetime.datetime:
    try:
        return native.restorable(table, wanted)
    except Refused as refused:
        if refused.code == "InvalidRestoreTimeException":
            message = refused.message.replace("restore time", "export time")
            raise Refused("InvalidExportTimeException", message) from refused
        raise


def _export(table: Any, moment: datetime.datetime, call: Call) -> Export:
    parameters, definition = call.parameters, Definition.of(table)
    id_ = f"{int(time.time() * 1000):014d}-{uuid.uuid4().hex[:8]}"
    base = str(parameters.get("S3Prefix") or "").rstrip("/")
    prefix = f"{base}/AWSDynamoDB/{id_}" if base else f"AWSDynamoDB/{id_}"
    document = {
        "ExportArn": f"{table.table_arn}/export/{id_}",
        "ExportStatus": "IN_PROGRESS",
        "StartTime": now(),
        "TableArn": table.table_arn,
        "TableId": native.table_id(definition),
        "ExportTime": moment,
        "ClientToken": parameters.get("ClientToken") or str(uuid.uuid4()),
        "S3Bucket": parameters["S3Bucket"],
        "S3BucketOwner": parameters.get("S3BucketOwner"),
        "S3Prefix": parameters.get("S3Prefix"),
        "S3SseAlgorithm": parameters.get("S3SseAlgorithm") or "AES256",
        "S3SseKmsKeyId": parameters.get("S3SseKmsKeyId"),
        "ExportFormat": "DYNAMODB_JSON",
        "ExportType": "FULL_EXPORT",
        "ExportManifest": f"{prefix}/manifest-summary.json",
    }
    kept = {name: value for name, value in document.items() if value is not None}
    return Export(kept, definition, prefix, parameters.get("ClientToken"))


def _write(backup: Backup, export: Export, past: PastItems | None) -> None:
    document = export.document
    store = backup.account.backend("s3", "aws")
    if document["S3Bucket"] not in store.buckets:
        document |= {"FailureCode": "S3NoSuchBucket", "FailureMessage": "The specified bucket does not exist"}
        document |= {"ExportStatus": "FAILED", "EndTime": now()}
        backup.changed()
        return
    _put(backup, export, "_started", b"")
    count = size = 0
    for rows in batched(past.rows() if past else (), _FILE_ITEMS, strict=False):
        _data_file(backup, export, rows)
        count, size = count + len(rows), size + sum(map(items.size, rows))
    if not export.files:  # an empty partition has an empty file
        _data_file(backup, export, ())
    document |= {"ItemCount": count, "BilledSizeBytes": size, "EndTime": now()}
    lines = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in export.files)
    _checked(backup, export, "manifest-files", lines.encode())
    _checked(backup, export, "manifest-summary", json.dumps(_summary(export), separators=(",", ":")).encode())
    document["ExportStatus"] = "COMPLETED"
    backup.changed()


def _data_file(backup: Backup, export: Export, rows: tuple[PlainItem, ...]) -> None:
    lines = (dynamo_json_dump({"Item": {name: _json(value) for name, value in row.items()}}) + "\n" for row in rows)
    content = gzip.compress("".join(lines).encode(), compresslevel=1, mtime=0)
    name = f"data/{uuid.uuid4().hex[:26]}.json.gz"
    _put(backup, export, name, content)
    md5 = hashlib.md5(content, usedforsecurity=False)
    export.files.append(
        {
            "itemCount": len(rows),
            "md5Checksum": base64.b64encode(md5.digest()).decode(),
            "etag": f"{md5.hexdigest()}-1",
            "dataFileS3Key": f"{export.prefix}/{name}",
        }
    )


def _json(value: Plain) -> Any:
    """DynamoDB JSON; binary is base64."""
    kind, content = value
    if kind == "M":
        return {kind: {name: _json(one) for name, one in content.items()}}
    if kind == "L":
        return {kind: [_json(one) for one in content]}
    if kind == "B":
        return {kind: _text(content)}
    return {kind: [_text(one) for one in content]} if kind == "BS" else {kind: content}


def _text(binary: Any) -> Any:
    return base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary


def _summary(export: Export) -> Document:
    document = export.document
    return {
        "version": _VERSION,
        "exportArn": document["ExportArn"],
        "startTime": _iso(document["StartTime"]),
        "endTime": _iso(document["EndTime"]),
        "tableArn": document["TableArn"],
        "tableId": document["TableId"],
        "exportTime": _iso(document["ExportTime"]),
        "s3Bucket": document["S3Bucket"],
        "s3Prefix": document.get("S3Prefix"),
        "s3SseAlgorithm": document["S3SseAlgorithm"],
        "s3SseKmsKeyId": document.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{export.prefix}/manifest-files.json",
        "billedSizeBytes": document["BilledSizeBytes"],
        "itemCount": document["ItemCount"],
        "outputFormat": "DYNAMODB_JSON",
        "outputView": None,
        "exportType": "FULL_EXPORT",
    }


def _iso(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _checked(backup: Backup, export: Export, name: str, content: bytes) -> None:
    _put(backup, export, f"{name}.json", content)
    checksum = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest())
    _put(backup, export, f"{name}.checksum", checksum)


def _put(backup: Backup, export: Export, name: str, content: bytes) -> None:
    document = export.document
    with backup.lock.hold():
        backup.account.backend("s3", "aws").put_object(
            document["S3Bucket"],
            f"{export.prefix}/{name}",
            content,
            encryption=document["S3SseAlgorithm"],
            kms_key_id=document.get("S3SseKmsKeyId"),
        )


def _describe(backup: Backup, call: Call) -> Document:
    arn = str(call.parameters["ExportArn"])
    found = backup.account.backend("dynamodb", call.region).table_exports.get(arn)
    if found is None:
        raise Refused("ExportNotFoundException", f"Export not found: {arn}")
    return {"ExportDescription": found.document}


def _list(backup: Backup, call: Call) -> Document:
    wanted = call.parameters.get("TableArn")
    rows = [
        {name: one.document[name] for name in ("ExportArn", "ExportStatus", "ExportType")}
        for one in backup.account.backend("dynamodb", call.region).table_exports.values()
        if wanted in (None, one.document["TableArn"])
    ]
    return listing.page(rows, call.parameters, "ExportSummaries")


OPERATIONS = {"ExportTableToPointInTime": _start, "DescribeExport": _describe, "ListExports": _list}
