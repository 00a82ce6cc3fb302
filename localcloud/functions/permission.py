"""A function's resource policy: who may invoke it, as `lambda:permission` documents say."""

from localcloud.registry import Registry
from localcloud.wildcard import matches

_ACTIONS = ("lambda:InvokeFunction", "lambda:*", "*")


def may_invoke(registry: Registry, function: str, qualifier: str | None, principal: str, source_arn: str) -> bool:
    """Whether a service `principal` may invoke the function, as `source_arn`.

    A statement holds for the qualifier it was added to: one on the function does not cover its aliases.
    Its source ARN, when it has one, may have `*` and `?` (ArnLike). Its account is taken to be ours.
    """
    prefix = f"{function}:{qualifier}/" if qualifier else f"{function}/"
    return any(
        key.startswith(prefix)
        and statement["principal"] == principal
        and statement.get("action", "lambda:InvokeFunction") in _ACTIONS
        and (not statement.get("source_arn") or matches(statement["source_arn"], source_arn))
        for key, statement in registry.all("lambda:permission").items()
    )
