"""Resource types that moto has no model of: kept whole in the registry, validated, without effect."""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

from typing import ClassVar

from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.wire import Properties


class StoredType(ResourceType):
    """One registry document per resource: its inputs and what `computed` adds. Read and import are whole."""

    label = Label.STORED
    kind: ClassVar[str]  # registry kind
    importable = True

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        """The outputs beside the inputs."""
        del scope, id, inputs
        return {}

    def row(self, scope: Scope, id: str, state: Properties) -> str:
        """The document's id: unique in the cloud, not only in its region or beside its siblings."""
        del state
        return f"{scope.region}/{id}" if self.schema.regional else id

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        inputs = {key: value for key, value in news.items() if key in self.schema.inputs}
        computed = {**self.computed(scope, id, inputs), **self._kept(scope, id, inputs)}
        scope.registry.put(self.kind, self.row(scope, id, inputs), {"inputs": inputs, "computed": computed})

    def _kept(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        """What was computed once and stays (dates, random ids)."""
        found = scope.registry.get(self.kind, self.row(scope, id, inputs))
        return {key: value for key, value in found["computed"].items() if key in self.once} if found else {}

    once: ClassVar[frozenset[str]] = frozenset()

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.registry.get(self.kind, self.row(scope, id, state))
        return {**found["inputs"], **found["computed"]} if found else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.registry.delete(self.kind, self.row(scope, id, state))
