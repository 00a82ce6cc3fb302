"""Runs an import: several lines at once, within the time that a request has, each line with its own outcome."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from omnix import deadline, errors
from omnix.bulk.model import ERRORS_SHOWN, ImportReport, LineError
from omnix.idempotency import Once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omnix.authorisation import Principal
    from omnix.bulk.lines import Line
    from omnix.dynamodb import Table

# A line waits for DynamoDB (5 ms to read, 15 ms to write) and takes 1.6 ms of a processor: eight threads bring 280
# lines a second where one brings 41. botocore keeps ten connections.
THREADS = 8
# No line begins with less of the invocation left: a slow dependency may take 3 s of it, and the call that keeps the
# report for an Idempotency-Key begins with no less than 3.5 s (omnix.aws). Of the 15 s that `api` has, 9 s are for
# lines; a thousand take 6 s with the third of a processor that comes with its 512 MB.
LEFT_SECONDS = 6.0

_NOT_PROCESSED = "not_processed"
# Failures of ours: as a whole answer they would be 5xx, and no key keeps those.
_TEMPORARY = frozenset({_NOT_PROCESSED, errors.UnavailableError.code, errors.InternalError.code})

type Outcome = Literal["created", "updated", "unchanged"]
type Apply = Callable[[Line], Outcome]


def once_only(
    sessions: Table, caller: Principal, route: str, key: str | None, payload: str, work: Callable[[], ImportReport]
) -> tuple[ImportReport, bool]:
    """The report, and whether an earlier request with the same key made it.

    A report that is not final is not kept: the key is free, so that the same file can be sent again with it.
    """
    if key is None:
        return work(), False
    once = Once.of(caller, route, key, payload.encode())
    earlier = once.claim(sessions)
    if earlier is not None:
        return ImportReport.model_validate_json(earlier), True
    try:
        report = work()
    except BaseException:
        once.abandon(sessions)
        raise
    if report.final:
        once.answer(sessions, report.model_dump_json())
    else:
        once.abandon(sessions)
    return report, False


def run(lines: Sequence[Line], identity: Callable[[Line], str], apply: Apply) -> ImportReport:
    """Every line through `apply`, several at once, and a report in their order; of two lines about one thing
    (`identity`) the second is refused.
    """
    seen: dict[str, int] = {}
    stopped: list[int] = []
    repeated = {line.number: first for line in lines if (first := seen.setdefault(identity(line), line.number))}

    def outcome(line: Line) -> Outcome | LineError:
        first = repeated[line.number]
        if line.error is None and first != line.number:
            return LineError(line=line.number, code="conflict", message=f"Line {first} is about the same.", details=[])
        if stopped or deadline.remaining() < LEFT_SECONDS:
            message = "Time ran out before this line. Send it again."
            return LineError(line=line.number, code=_NOT_PROCESSED, message=message, details=[])
        found = _outcome(line, apply)
        if isinstance(found, LineError) and found.code == errors.UnavailableError.code:
            stopped.append(line.number)  # the next lines would only wait for the same
        return found

    from concurrent.futures import ThreadPoolExecutor  # paid for by an import, not by every cold start

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(outcome, lines))
    failed = [found for found in outcomes if isinstance(found, LineError)]
    counts = Counter(found for found in outcomes if isinstance(found, str))
    report = ImportReport(
        lines=len(lines),
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        failed=len(failed),
        errors=failed[:ERRORS_SHOWN],
    )
    return report.with_lines_to_repeat() if any(found.code in _TEMPORARY for found in failed) else report


def _outcome(line: Line, apply: Apply) -> Outcome | LineError:
    try:
        if line.error:
            raise line.error
        return apply(line)
    except ValidationError as error:
        return _failed(line, errors.ValidationFailedError("The line is not valid.", _details(error)))
    except errors.ApiError as error:
        return _failed(line, error)
    except (ClientError, BotoCoreError) as error:
        return _failed(line, errors.from_aws(error))


def _failed(line: Line, error: errors.ApiError) -> LineError:
    details = [dict(detail) for detail in error.details]
    return LineError(line=line.number, code=error.code, message=error.message, details=details)


def _details(error: ValidationError) -> list[dict[str, Any]]:
    """Where and why, never what was there; a few, for a report has many lines."""
    return [
        {
            "location": ".".join(str(part) for part in fault["loc"])[:100],
            "reason": fault["type"],
            "message": fault["msg"].removeprefix("Value error, "),
        }
        for fault in error.errors(include_input=False, include_url=False)[:5]
    ]
