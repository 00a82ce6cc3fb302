"""An account whose answers a test gives, by service and operation, in turn; the last one stays."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from ops.migrate.account import Account


def refused(code: str, operation: str = "Any") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} of {operation}"}}, operation)


@dataclass
class StubAccount:
    answers: dict[str, list[Any]]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def client(self, _service: str) -> "StubAccount":
        return self

    def __getattr__(self, operation: str) -> Any:
        if operation.startswith("_"):
            raise AttributeError(operation)

        def call(**arguments: Any) -> Any:
            self.asked.append((operation, arguments))
            given = self.answers[operation]
            answer = given.pop(0) if len(given) > 1 else given[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def said(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.asked if name == operation]

    @property
    def account(self) -> Account:
        stub: Any = self
        return stub  # type: ignore[no-any-return]
