"""How true each resource type is here, so that a green local run is never mistaken for AWS."""

from collections.abc import Mapping
from types import MappingProxyType

from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.resource import Label

__all__ = ["LABELS", "Label"]

LABELS: Mapping[str, Label] = MappingProxyType({token: kind.label for token, kind in CATALOGUE.items()})
