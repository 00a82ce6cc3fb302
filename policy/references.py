"""Which resources of a stack belong to which: by the value that one holds of another, else by dependency."""

from policy.model import Resource, Stack


def refers(resource: Resource, path: str, target: Resource, by: str) -> bool:
    """Say whether `path` of `resource` holds `target`'s property `by`.

    In a preview one of the two may be unknown; then what the engine knows of their dependency decides.
    """
    held, wanted = resource.peek(path), target.peek(by)
    if held is None or wanted is None:
        return target.urn in resource.dependencies
    return bool(held == wanted)


def attached(stack: Stack, type_: str, path: str, target: Resource, by: str) -> list[Resource]:
    """Return the resources of `type_` whose `path` holds `target`'s property `by`."""
    return [resource for resource in stack.of(type_) if refers(resource, path, target, by)]


def account_in(arn: str) -> str:
    """Return the account in an ARN; empty where it has none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""  # noqa: PLR2004  arn:partition:service:region:account:resource
