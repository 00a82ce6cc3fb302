"""Faults on purpose: any service made slow, throttled, failing or silent, while the cloud runs.

`/_localcloud/faults` on the AWS endpoint lists, sets and clears them; `python -m localcloud faults` is the same from a
shell (`--help`). A fault holds for the AWS calls that functions make, from the next call on. It lives in the daemon's
memory only: never part of a snapshot, gone with a stop, and over by itself after `for_seconds`.

    GET    /_localcloud/faults        {"faults": [fault, …]}: each with `applied` and `remaining_seconds`
    POST   /_localcloud/faults        a fault or {"faults": [fault, …]} -> 201 {"faults": […]}; 400 says why not
    DELETE /_localcloud/faults        {"cleared": number}; what waits in a slow or hanging call goes on at once
    DELETE /_localcloud/faults/{id}   the same for one; 404 when there is none

A fault is a JSON object; only `kind` must be there:

    kind         slow          the call is done `seconds` late
                 throttle      refused with the service's own throttling code, nothing done
                 fail          refused with the service's own internal error (5xx), nothing done
                 drop_answer   done, then the connection is closed without an answer
                 cut_answer    done, and the connection is closed in the middle of the answer, a stream's as well
                 hang          taken and never answered: until the caller hangs up, or `seconds`; nothing done
    service      botocore's name ("dynamodb", "ssm", "secretsmanager", "sqs", "kms"): a pattern, as the next four
    operation    "PutItem", "Get*"
    resource     the name or the whole ARN of a table (with its indexes), secret, parameter, queue or key that the
                 call needs
    caller       the function's name; "anyone" takes every signed call, this shell's too, and what services do later
    region       the region that is called ("eu-west-1"): a pattern too
    seconds      for slow (must be there) and hang: above 0, at most 120
    probability  of each call that fits: above 0, at most 1 (which it is where it is left out)
    seed         of the probability's random numbers: an integer, so that a run can be repeated
    count        so many calls, then it is over
    for_seconds  so long, then it is over: above 0, at most 3600 (600 where it is left out)

AWS Backup's jobs ask once, when they begin to run, as operations "BackupJob", "CopyJob" and "RestoreJob" of anyone's,
with the table's and the recovery point's ARNs: slow and hang delay them, throttle and fail end them FAILED.

A recovery point is damaged once and for good, so it is no fault that ends; copies of it stay whole:

    POST   /_localcloud/faults        {"kind": "corrupt", "resource": ARN of the recovery point} -> 201 {"corrupted": …}
                                      with `probability` of each item (0.1) and `seed`: some are dropped, some changed

Patterns are shell patterns (`*`, `?`, `[…]`), "*" where they are left out, and mind the case. Faults are tried in the
order in which they were set; the first that takes a call has it. What Lambda itself does (reading streams, writing
logs, sending dead letters) is nobody's call and stays whole.

    curl -X POST $ENDPOINT/_localcloud/faults -d '{"kind": "hang", "service": "dynamodb", "resource": "*-orders"}'
    python -m localcloud faults --state-dir DIR set kind=throttle service=ssm probability=0.3 seed=7
"""

from localcloud.faults.active import Active, Faults
from localcloud.faults.fault import BadFaultError, Fault, Subject

__all__ = ["Active", "BadFaultError", "Fault", "Faults", "Subject"]
