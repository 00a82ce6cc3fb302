"""What a call needs: actions on resources under condition keys, and the words in which services say so."""

import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account

type Values = tuple[str, ...]
type Keys = Mapping[str, Values | Callable[[], Values]]
type Mapper = Callable[[Call, Account], Iterable[Need]]
type Operations = Mapping[str, Mapper]
type Resource = Callable[[Call, Account], str]


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource (an ARN, or `*`).

    `keys`: the service's condition keys in lower case; a value that costs something to find is a function. `via`: the
    service that makes this call in the caller's name (`ssm` decrypting a parameter), with the caller's permissions.
    """

    action: str
    resource: str
    keys: Keys = field(default_factory=dict)
    via: str | None = None


class Context(Mapping[str, Values]):
    """Condition keys by name, in lower case; functions are called once, when a policy asks for their key.

    `families` are keys with a name of their own behind a prefix (`aws:resourcetag/team`): one look-up finds them all.
    """

    def __init__(self, keys: Keys, families: Mapping[str, Callable[[], Mapping[str, str]]]) -> None:
        self._keys = dict(keys)
        self._families = families

    def __getitem__(self, key: str) -> Values:
        found = self._keys.get(key)
        if found is None:
            found = self._keys[key] = self._of_family(key)
        elif callable(found):
            found = self._keys[key] = found()
        return found

    def _of_family(self, key: str) -> Values:
        prefix, slash, name = key.partition("/")
        if not slash or prefix not in self._families:
            raise KeyError(key)
        for tag, value in self._families[prefix]().items():
            if tag.lower() == name:
                return (value,)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def arn(service: str, template: str, *, regional: bool = True) -> Resource:
    """`arn:aws:{service}:{region}:{account}:` and `template`, filled with the call's parameters.

    A parameter that is an ARN already stands for itself; one that is missing makes the resource `*`.
    """
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name]

    def resource(call: Call, account: Account) -> str:
        values = {name: str(call.parameters.get(name) or "") for name in names}
        for value in values.values():
            if not value:
                return "*"
            if value.startswith("arn:"):
                return value
        region = call.region if regional else ""
        return f"arn:aws:{service}:{region}:{account.id}:{template.format(**values)}"

    return resource


def anything(_call: Call, _account: Account) -> str:
    """For actions that know no resource."""
    return "*"


def on(
    prefix: str,
    resource: Resource,
    operations: str,
    *,
    action: str | None = None,
    keys: Callable[[Call], Keys] | None = None,
    also: Mapper | None = None,
) -> Operations:
    """Each operation (names in one string) needs the action of its own name, or `action`, on `resource`.

    `also`: what is needed beside it (a key, a role that is passed).
    """

    def mapper(name: str) -> Mapper:
        needed = f"{prefix}:{action or name}"

        def needs(call: Call, account: Account) -> Iterator[Need]:
            extra = keys(call) if keys else {}
            yield Need(needed, resource(call, account), {**extra, **tag_keys(call.parameters)})
            if also:
                yield from also(call, account)

        return needs

    return {name: mapper(name) for name in operations.split()}


def tag_keys(parameters: Mapping[str, Any]) -> Keys:
    """`aws:TagKeys` and `aws:RequestTag/…` of a call that sends tags, in any of AWS's three spellings."""
    sent = parameters.get("Tags") or parameters.get("tags")
    removed = parameters.get("TagKeys") or parameters.get("tagKeys")
    if not sent and not removed:
        return {}
    tags: dict[str, str] = {}
    if isinstance(sent, Mapping):
        tags = {str(key): str(value) for key, value in sent.items()}
    for one in sent if isinstance(sent, list) else ():
        tags[str(one.get("Key", one.get("key", "")))] = str(one.get("Value", one.get("value", "")))
    named = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    return {"aws:tagkeys": tuple(tags) or tuple(removed or ()), **named}


def given(parameters: Mapping[str, Any], names: Mapping[str, str]) -> Keys:
    """The condition keys whose parameter (`{key: parameter}`) the call has; lists keep all their values."""
    found: dict[str, Values] = {}
    for key, name in names.items():
        value = parameters.get(name)
        if isinstance(value, list):
            found[key] = tuple(map(str, value))
        elif value is not None:
            found[key] = (str(value).lower() if isinstance(value, bool) else str(value),)
    return found


def pass_role(role_arn: Any, service: str) -> Iterator[Need]:
    """`iam:PassRole`, where a role is handed to a service that will act with it."""
    if role_arn:
        yield Need("iam:PassRole", str(role_arn), {"iam:passedtoservice": (service,)})
