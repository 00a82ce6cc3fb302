"""A resource as it was read, beside the texts in which it may name others."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclasses keep it for readers of the annotations
from dataclasses import dataclass, field

from ops.audit.model import Resource  # noqa: TC001


@dataclass(frozen=True)
class Seen:
    """`texts`: what to call a place ("variable TABLE_NAME") to the text that stands there.

    The texts may hold secrets: only the names that are found in them may leave the audit.
    """

    resource: Resource
    texts: Mapping[str, str] = field(default_factory=dict)
