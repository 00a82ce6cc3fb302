"""CORS for exact origins (incident: an allow-list that was too narrow; a page that could not call its own API)."""

from collections.abc import Collection

METHODS = "GET,POST,PUT,PATCH,DELETE,OPTIONS"
# A page sends `If-None-Match` itself where no cache does it, traces what it asks by the two after it, and speaks MCP by
# the last ones.
HEADERS = (
    "Content-Type,Authorization,X-API-Key,X-Client-Type,Idempotency-Key,If-Match,"
    "If-None-Match,X-Correlation-Id,traceparent,MCP-Protocol-Version,Mcp-Method,Mcp-Name"
)
EXPOSED = "ETag,Location,Retry-After,X-Request-Id,X-Correlation-Id,Idempotency-Replayed,Next-Cursor,Content-Disposition"
MAX_AGE_SECONDS = 600


def headers(origin: str | None, allowed: Collection[str], *, preflight: bool) -> dict[str, str]:
    """The CORS headers of an answer; none for no origin, for a foreign one, and never for a wildcard."""
    if not origin or origin == "*" or origin not in allowed:
        return {}
    found = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": EXPOSED,
    }
    if preflight:
        found |= {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": HEADERS,
            "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
        }
    return found
