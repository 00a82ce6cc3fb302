"""What is archived can be given back to AWS as it is."""

from typing import Any
from unittest.mock import Mock

from ops.cleanup.kinds.bucket import BucketRemoval
from ops.cleanup.kinds.function import permission
from ops.cleanup.kinds.log_group import LogGroupRemoval
from ops.cleanup.kinds.removal import without_system_tags


def test_tags_of_a_stack_that_is_gone_are_not_given_back_for_no_call_takes_them() -> None:
    system, own = "aws:cloudformation:stack-name", {"Key": "team", "Value": "shop"}
    given = {
        "tags": {system: "old", "team": "shop"},
        "stages": [{"Tags": {system: "old"}, "StageName": "dev"}],
        "Tagging": {"TagSet": [{"Key": system, "Value": "old"}, own]},
        "policy": [{"Condition": {"ArnLike": {"aws:SourceArn": "arn"}}}],
    }
    assert without_system_tags(given) == {
        "tags": {"team": "shop"},
        "stages": [{"Tags": {}, "StageName": "dev"}],
        "Tagging": {"TagSet": [own]},
        "policy": given["policy"],
    }
    assert without_system_tags({"tags": {"Items": [{"Key": system, "Value": "old"}, own]}}) == {
        "tags": {"Items": [own]}
    }


def test_a_lifecycle_is_put_back_with_its_size_beside_the_rules() -> None:
    rules = [{"ID": "old", "Status": "Enabled"}]
    answers: dict[str, dict[str, Any]] = {
        "get_bucket_lifecycle_configuration": {
            "Rules": rules, "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
        }
    }  # fmt: skip
    removal = BucketRemoval(Mock(), Mock(), "0")
    removal.client = lambda _: _Answers(answers)  # type: ignore[method-assign,assignment]
    settings = removal.described()["settings"]
    assert settings == {
        "put_bucket_lifecycle_configuration": {
            "LifecycleConfiguration": {"Rules": rules},
            "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
        }
    }


class _Answers:
    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Any:
        return lambda **_: dict(self._answers.get(operation, {}))


def test_who_may_call_by_a_functions_url_may_not_call_it_otherwise_after_an_undo() -> None:
    statement = {
        "Sid": "url", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "arn",
        "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }  # fmt: skip
    assert permission(statement) == {
        "StatementId": "url", "Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True,
    }  # fmt: skip


def test_a_log_group_whose_events_cannot_be_exported_stays() -> None:
    def obstacles(**group: Any) -> list[str]:
        removal = LogGroupRemoval(Mock(), Mock(), "0")
        removal._group = lambda: group  # type: ignore[method-assign]
        return removal.obstacles()

    assert obstacles() == obstacles(logGroupClass="STANDARD", storedBytes=1) == []
    (reason,) = obstacles(logGroupClass="INFREQUENT_ACCESS", storedBytes=1)
    assert "INFREQUENT_ACCESS" in reason
