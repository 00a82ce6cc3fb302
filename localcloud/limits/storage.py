"""S3's limits that moto does not keep. Source: S3 API reference and user guide."""

from localcloud.limits.refusal import Parameters, limits
from localcloud.refusals import NotCovered

_KEY_BYTES = 1024
_METADATA_BYTES = 2048
_DELETIONS = 1000


def _key(parameters: Parameters) -> str | None:
    return "Your key is too long" if len(parameters["Key"].encode()) > _KEY_BYTES else None


def _metadata(parameters: Parameters) -> str | None:
    size = sum(len(f"{name}{value}".encode()) for name, value in parameters.get("Metadata", {}).items())
    words = "Your metadata headers exceed the maximum allowed metadata size"
    return words if size > _METADATA_BYTES else None


def _deletions(parameters: Parameters) -> str | None:
    words = "The XML you provided was not well-formed or did not validate against our published schema"
    return words if len(parameters["Delete"].get("Objects", ())) > _DELETIONS else None


_MAKING = ("PutObject", "CopyObject", "CreateMultipartUpload")
RULES = (
    *limits(
        "key", "s3", (*_MAKING, "GetObject", "HeadObject", "DeleteObject"), _key, what="a key too long",
        limit="1,024 bytes", source="S3 user guide: object key names", code="KeyTooLongError",
    ),
    *limits(
        "metadata", "s3", _MAKING, _metadata, what="metadata too large", limit="2 KB",
        source="S3 user guide: object metadata", code="MetadataTooLarge",
    ),
    *limits(
        "deletions", "s3", ("DeleteObjects",), _deletions, what="too many keys in one call", limit="1,000",
        source="S3 API reference: DeleteObjects", code="MalformedXML",
    ),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        "s3:PutObject", "an object of more than 5 GB in one request", "no disk here would hold it", "S3 API reference"
    ),
    NotCovered(
        "s3:PutObject", "a Content-MD5 that is not the body's", "the body is not read twice", "S3 API reference"
    ),
)
