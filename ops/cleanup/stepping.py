"""Does an entry's steps, each between two lines of the ledger, and none that is done already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ops.cleanup.ledger import Ledger, Phase, State
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.cleanup.kinds.removal import Step
    from ops.cleanup.plan import Entry

RECHECK = "re-check"
FINISHED = "finished"
# What a step may end in; anything else is a defect of ours and ends the run, with its ledger.
FORESEEN = (Refused, ClientError, BotoCoreError, OSError)


def carry_out(phase: Phase, entry: Entry, steps: Sequence[Step], ledger: Ledger, tell: Callable[[str], None]) -> str:
    """The reason why a step failed, which ends the entry; empty when all are done."""
    for step in steps:
        if ledger.done(phase, entry.arn, step.name):
            continue
        tell(f"{entry}: {step.name}")
        ledger.add(phase, entry.arn, step.name, State.BEGUN)
        try:
            detail = step.act(ledger.memory(entry.arn))
        except FORESEEN as error:
            ledger.add(phase, entry.arn, step.name, State.FAILED, {"reason": said(error)})
            return f"{step.name}: {said(error)}"
        ledger.add(phase, entry.arn, step.name, State.DONE, dict(detail or {}))
    if not finished(ledger, phase, entry.arn):
        ledger.add(phase, entry.arn, FINISHED, State.DONE)
    return ""


def finished(ledger: Ledger, phase: Phase, arn: str) -> bool:
    """True when all steps of a phase are done."""
    return ledger.done(phase, arn, FINISHED) is not None


def touched(ledger: Ledger, arn: str) -> bool:
    """True when a step of its removal was begun: it may not be what it was any more."""
    return any(one.step != RECHECK for one in ledger.of(Phase.REMOVE, arn))


def said(error: BaseException) -> str:
    """An error in words."""
    return error.message if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
