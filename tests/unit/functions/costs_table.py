"""A DynamoDB of one table for the cost guard's interleavings: each call whole, in memory, between two waits.

It knows the expressions that the guard writes and refuses any other. That DynamoDB takes them too, and does the same,
is tested on moto and on DynamoDB Local.
"""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from omnix.costs.limits import Limits, parse
from omnix.costs.model import Model, Prices
from omnix.dynamodb import Item, Table, dump_item, load, load_item

type Key = tuple[str, str]

TABLE = "analytics"
_TOKEN = re.compile(r"attribute_(?:not_)?exists\([#\w]+\)|[#:]?\w+|<=|=|\(|\)")
_WORDS = {"AND": "and", "OR": "or", "=": "==", "<=": "<=", "(": "(", ")": ")"}
PRICES = Prices(input=250, output=1250, cache_read=25, cache_write=313, cache_write_1h=500)


def model(model_id: str = "model-a", prices: Prices = PRICES, **changes: Any) -> Model:
    known = {"max_output": 4096, "context": 200_000, "caching": True, "tools": True} | changes
    return Model(model_id=model_id, call=f"arn:{model_id}", foundation=model_id, prices=prices, **known)


def limits(**changes: Any) -> Limits:
    return parse(json.dumps({"environment": {}} | changes))


class Client:
    """The calls of a DynamoDB client that the guard makes. `before` may raise or wait; `after` may raise too."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}
        self.before: Callable[[str, Callable[[], Any]], None] = lambda *_: None
        self.after: Callable[[str, Callable[[], Any]], None] = lambda *_: None

    def table(self) -> Table:
        client: Any = self
        return Table(client, TABLE)

    def of(self, entity: str) -> list[Item]:
        return [item for item in self.items.values() if item.get("entity") == entity]

    def get_item(self, **sent: Any) -> dict[str, Any]:
        return self._call("get_item", lambda: self._got(_key(sent["Key"])))

    def put_item(self, **sent: Any) -> dict[str, Any]:
        return self._call("put_item", lambda: self._apply({"Put": sent}))

    def update_item(self, **sent: Any) -> dict[str, Any]:
        return self._call("update_item", lambda: self._apply({"Update": sent}))

    def delete_item(self, **sent: Any) -> dict[str, Any]:
        return self._call("delete_item", lambda: self._apply({"Delete": sent}))

    def query(self, **sent: Any) -> dict[str, Any]:
        return self._call("query", lambda: self._between(load_item(sent["ExpressionAttributeValues"])))

    def transact_write_items(self, TransactItems: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        return self._call("transact_write_items", lambda: self._transact(TransactItems))

    def _call(self, name: str, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self.before(name, run)
        answer = run()
        self.after(name, run)
        return answer

    def _got(self, key: Key) -> dict[str, Any]:
        return {"Item": _wire(self.items[key])} if key in self.items else {}

    def _between(self, values: Item) -> dict[str, Any]:
        found = sorted(
            key for key in self.items if key[0] == values[":pk"] and values[":first"] <= key[1] <= values[":last"]
        )
        return {"Items": [_wire(self.items[key]) for key in found]}

    def _apply(self, action: dict[str, Any]) -> dict[str, Any]:
        ((kind, sent),) = action.items()
        key = _key(sent["Item"] if kind == "Put" else sent["Key"])
        there = self.items.get(key, {})
        if not self._holds(sent, there):
            old = {"Item": _wire(there)} if there and "ReturnValuesOnConditionCheckFailure" in sent else {}
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}, **old}, kind)  # type: ignore[typeddict-item]
        if kind == "Delete":
            self.items.pop(key, None)
            return {}
        made = load_item(sent["Item"]) if kind == "Put" else _updated(there, key, sent)
        self.items[key] = made
        return {"Attributes": _wire(made)}

    def _transact(self, actions: list[dict[str, Any]]) -> dict[str, Any]:
        reasons = []
        for action in actions:
            ((kind, sent),) = action.items()
            key = _key(sent["Item"] if kind == "Put" else sent["Key"])
            good = self._holds(sent, self.items.get(key, {}))
            reasons.append({"Code": "None" if good else "ConditionalCheckFailed"})
        if any(reason["Code"] != "None" for reason in reasons):
            failure: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(failure, "TransactWriteItems")
        for action in actions:
            self._apply(action)
        return {}

    def _holds(self, sent: dict[str, Any], item: Item) -> bool:
        expression = sent.get("ConditionExpression")
        if not expression:
            return True
        names = sent.get("ExpressionAttributeNames", {})
        assert not _TOKEN.sub("", expression).strip(), expression
        python = " ".join(_python(token, names) for token in _TOKEN.findall(expression))
        known = {"item": item, "values": load_item(sent.get("ExpressionAttributeValues", {})), "absent": _Absent()}
        return bool(eval(python, {}, known))  # noqa: S307 - of the tokens above, all of them known


class _Absent:
    """What is not there is no less, no more and no equal of anything."""

    def __le__(self, _: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _: object) -> bool:
        return False


def _python(token: str, names: dict[str, str]) -> str:
    if token in _WORDS:
        return _WORDS[token]
    if token.startswith("attribute_"):
        function, _, name = token[:-1].partition("(")
        return f"({names.get(name, name)!r} {'in' if function == 'attribute_exists' else 'not in'} item)"
    return f"values[{token!r}]" if token.startswith(":") else f"item.get({names.get(token, token)!r}, absent)"


def _updated(there: Item, key: Key, sent: dict[str, Any]) -> Item:
    names, values = sent.get("ExpressionAttributeNames", {}), sent["ExpressionAttributeValues"]
    made = copy.deepcopy(there) or {"pk": key[0], "sk": key[1]}
    for clause, body in re.findall(r"(ADD|SET|REMOVE) (.*?)(?= (?:ADD|SET|REMOVE) |$)", sent["UpdateExpression"]):
        for part in body.split(", "):
            words = [word for word in part.split() if word != "="]
            name = names.get(words[0], words[0])
            match clause:
                case "ADD":
                    made[name] = made.get(name, 0) + load(values[words[1]])
                case "SET":
                    made[name] = load(values[words[1]])
                case _:
                    made.pop(name, None)
    return made


def _wire(item: Item) -> dict[str, Any]:
    return dump_item(item)


def _key(wire: dict[str, Any]) -> Key:
    return wire["pk"]["S"], wire["sk"]["S"]
