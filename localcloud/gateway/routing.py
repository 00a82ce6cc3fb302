"""Which resource of an API a path belongs to: literal segments win over `{name}`, that over `{name+}`."""

from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    greedy: str | None = None
    resource: str | None = None


class Router:
    """Matches paths against resource templates such as `/products/{product_id}` and `/{proxy+}`."""

    def __init__(self, templates: list[str]) -> None:
        self._root = _Node()
        for template in templates:
            self._add(template)

    def _add(self, template: str) -> None:
        node = self._root
        for segment in _segments(template):
            if segment.endswith("+}"):
                node.greedy = template
                return
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literal.setdefault(segment, _Node())
        node.resource = template

    def match(self, path: str) -> tuple[str, dict[str, str]] | None:
        """The resource's template and its parameters, URL-decoded; None when nothing fits.

        `path` is as sent (percent-encoded). A trailing slash makes no difference, as in REST APIs.
        """
        segments = _segments(path)
        template = _find(self._root, segments)
        return None if template is None else (template, _parameters(template, segments))


def _segments(path: str) -> list[str]:
    trimmed = path.removeprefix("/").removesuffix("/")
    return trimmed.split("/") if trimmed else []


def _find(node: _Node, rest: list[str]) -> str | None:
    if not rest:
        return node.resource
    first, *others = rest
    branches = [node.literal.get(unquote(first))]
    if first:
        branches.append(node.parameter)
    for branch in branches:
        if branch is not None and (found := _find(branch, others)) is not None:
            return found
    return node.greedy


def _parameters(template: str, segments: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for index, name in enumerate(_segments(template)):
        if name.endswith("+}"):
            values[name[1:-2]] = unquote("/".join(segments[index:]))
        elif name.startswith("{"):
            values[name[1:-1]] = unquote(segments[index])
    return values
