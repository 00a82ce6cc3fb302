"""A resource's URN: `urn:pulumi:STACK::PROJECT::PARENT_TYPE$…$TYPE::NAME` (Pulumi docs, "Resource names")."""

from dataclasses import dataclass

_PARTS = 4


class MalformedUrn(ValueError):  # noqa: N818 - the value is what is malformed
    """The text is no URN of the engine's."""


@dataclass(frozen=True)
class Urn:
    """`types`: the chain of types from the outermost component to the resource itself."""

    stack: str
    types: tuple[str, ...]
    name: str

    @property
    def type(self) -> str:
        """The resource's own type token, e.g. `aws:dynamodb/table:Table`."""
        return self.types[-1]

    @property
    def component(self) -> str:
        """The outermost component's short name (`DataStack`), or the program itself."""
        outer = self.types[0]
        return short_type(outer) if len(self.types) > 1 or is_component(outer) else "program"


def parse(text: str) -> Urn:
    """Raises MalformedUrn. A logical name may hold `::`; nothing before it does."""
    if not text.startswith("urn:pulumi:"):
        raise MalformedUrn(text)
    parts = text.removeprefix("urn:pulumi:").split("::", _PARTS - 1)
    if len(parts) != _PARTS or not all(parts):
        raise MalformedUrn(text)
    stack, _project, types, name = parts
    return Urn(stack, tuple(types.split("$")), name)


def is_urn(text: str) -> bool:
    """Say whether `text` can be parsed."""
    try:
        parse(text)
    except MalformedUrn:
        return False
    return True


def is_component(token: str) -> bool:
    """Say whether a type token is one of the program's own components: `package:module:Type`, no provider's slash."""
    return token.count(":") == _COLONS and "/" not in token and not token.startswith("pulumi:")


_COLONS = 2


def short_type(token: str) -> str:
    """`aws:dynamodb/table:Table` as `dynamodb.Table`, `omnix:components:DataStack` as `DataStack`."""
    module, _, name = token.rpartition(":")
    area = module.partition(":")[2].partition("/")[0]
    return f"{area}.{name}" if "/" in module else name or token
