"""What is wrong with a config: every finding at once, each with key, value and remedy."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.naming import PROJECT


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to put right. `key` is the path as written in the stack file, e.g. `throttle.rateLimit`."""

    key: str
    value: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{PROJECT}:{self.key} = {self.value}\n      {self.problem}\n      → {self.remedy}"


class ConfigError(ValueError):
    """A config that must not be deployed, with all its findings, ordered by key."""

    def __init__(self, stack: str, findings: Sequence[Finding]) -> None:
        self.stack = stack
        self.findings = tuple(sorted(set(findings)))
        count = len(self.findings)
        lines = [f"Pulumi.{stack}.yaml has {count} error{'s' if count > 1 else ''}; nothing was deployed:"]
        lines += [f"  {number}. {finding}" for number, finding in enumerate(self.findings, start=1)]
        super().__init__("\n".join(lines))
