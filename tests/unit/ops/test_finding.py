"""Which environment a command works on: by its outputs, and never local for real or real for local."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ops import finding
from ops.aws import Aws
from ops.errors import Refused, WrongUse
from ops.finding import Selection
from ops.stack import Cloud, Place, is_loopback
from tests.unit.ops.fake_platform import OUTPUTS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("no_credentials")

REAL = OUTPUTS | {"account_id": "111122223333", "api_url": "https://abc.execute-api.eu-central-1.amazonaws.com/dev"}


def summary(root: Path, **changes: Any) -> Path:
    path = root / ".local" / "dev.json"
    document = {
        "api_url": OUTPUTS["api_url"],
        "aws_endpoint_url": "http://127.0.0.1:8",
        "region": "eu-central-1",
        "account_id": OUTPUTS["account_id"],
        "demo": {"email": "demo@dev.example", "password": "a-long-password"},
        "outputs": OUTPUTS,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document | changes))
    return path


def outputs(root: Path, document: dict[str, Any]) -> Path:
    path = root / "outputs.json"
    path.write_text(json.dumps(document))
    return path


def engine(monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    monkeypatch.setattr(finding, "run_engine", lambda _arguments, _root: json.dumps(document))


def test_a_local_environment_is_found_by_its_summary(tmp_path: Path) -> None:
    summary(tmp_path)

    found = finding.find(Selection("dev"), tmp_path)

    assert found.place == Place("dev", "100000000001", "eu-central-1", "http://127.0.0.1:8")
    assert found.place.cloud is Cloud.LOCAL
    assert found.demo is not None
    assert found.demo.email == "demo@dev.example"


def test_a_summary_s_own_address_wins_over_the_outputs_of_an_earlier_port(tmp_path: Path) -> None:
    summary(tmp_path, api_url="http://127.0.0.1:7777/abc/dev/")

    assert finding.find(Selection("dev"), tmp_path).api_url == "http://127.0.0.1:7777/abc/dev"


def test_without_a_local_environment_the_engine_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, REAL)

    assert finding.find(Selection("dev"), tmp_path).place == Place("dev", "111122223333", "eu-central-1", None)


@pytest.mark.parametrize(
    ("variable", "value"), [("AWS_PROFILE", "work"), ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")]
)
def test_with_real_credentials_beside_a_local_environment_the_operator_must_say_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    summary(tmp_path)
    engine(monkeypatch, REAL)
    monkeypatch.setenv(variable, value)

    with pytest.raises(WrongUse, match="could be the local environment or the one on AWS"):
        finding.find(Selection("dev"), tmp_path)
    assert finding.find(Selection("dev", cloud=Cloud.LOCAL), tmp_path).place.cloud is Cloud.LOCAL
    assert finding.find(Selection("dev", cloud=Cloud.AWS), tmp_path).place.cloud is Cloud.AWS


def test_made_up_credentials_do_not_make_a_local_environment_ambiguous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")

    assert finding.find(Selection("dev"), tmp_path).place.cloud is Cloud.LOCAL


def test_the_toolchain_s_folder_means_local_whatever_credentials_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary(tmp_path)
    monkeypatch.setenv("OMNIX_LOCAL_DIR", str(tmp_path / ".local"))
    monkeypatch.setenv("AWS_PROFILE", "work")

    assert finding.find(Selection("dev"), tmp_path / "elsewhere").place.cloud is Cloud.LOCAL


def test_outputs_of_real_aws_need_no_summary(tmp_path: Path) -> None:
    found = finding.find(Selection(outputs=outputs(tmp_path, REAL)), tmp_path)

    assert found.place.endpoint_url is None
    assert found.name == "dev"


def test_outputs_of_a_local_stack_get_their_endpoint_from_the_summary(tmp_path: Path) -> None:
    summary(tmp_path)

    assert finding.find(Selection(outputs=outputs(tmp_path, OUTPUTS)), tmp_path).place.cloud is Cloud.LOCAL


def test_outputs_of_a_local_stack_that_does_not_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not say where its AWS API is"):
        finding.find(Selection(outputs=outputs(tmp_path, OUTPUTS)), tmp_path)


def test_outputs_of_another_account_than_the_running_environment_are_refused(tmp_path: Path) -> None:
    summary(tmp_path)

    with pytest.raises(Refused, match="belongs to account 100000000009"):
        finding.find(Selection(outputs=outputs(tmp_path, OUTPUTS | {"account_id": "100000000009"})), tmp_path)


def test_a_local_summary_can_be_given_as_outputs(tmp_path: Path) -> None:
    assert finding.find(Selection(outputs=summary(tmp_path)), tmp_path).place.cloud is Cloud.LOCAL


@pytest.mark.parametrize("changes", [{"api_url": REAL["api_url"]}, {"aws_endpoint_url": None}])
def test_a_summary_that_mixes_local_and_real_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    summary(tmp_path, **changes)

    with pytest.raises(Refused, match="local and real are mixed"):
        finding.find(Selection("dev"), tmp_path)


def test_an_endpoint_that_is_not_on_this_machine_is_refused(tmp_path: Path) -> None:
    summary(tmp_path, aws_endpoint_url="http://10.0.0.5:4566")

    with pytest.raises(Refused, match="not on this machine"):
        finding.find(Selection("dev"), tmp_path)


def test_another_stack_s_outputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--stack says staging"):
        finding.find(Selection("staging", outputs=outputs(tmp_path, REAL)), tmp_path)


def test_the_wrong_cloud_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--cloud says local"):
        finding.find(Selection(outputs=outputs(tmp_path, REAL), cloud=Cloud.LOCAL), tmp_path)


def test_a_stack_without_outputs_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, {})

    with pytest.raises(Refused, match="api_url: Field required") as refused:
        finding.find(Selection("dev"), tmp_path)
    assert "make up" in refused.value.remedy


@pytest.mark.parametrize("name", [None, "", "Dev", "../dev", "dev;rm"])
def test_a_missing_or_impossible_name_is_wrong_use(tmp_path: Path, name: str | None) -> None:
    with pytest.raises(WrongUse):
        finding.find(Selection(name), tmp_path)


def test_a_place_before_the_first_up_is_the_running_cloud_s(tmp_path: Path) -> None:
    summary(tmp_path, aws_endpoint_url="http://127.0.0.1:1")
    folder = tmp_path / ".local" / "dev" / "cloud"
    folder.mkdir(parents=True)
    cloud = {"account_id": "100000000001", "region": "eu-central-1", "endpoint_url": "http://127.0.0.1:2"}
    (folder / "cloud.json").write_text(json.dumps(cloud))

    assert finding.find_place(Selection("dev"), tmp_path).endpoint_url == "http://127.0.0.1:2"


def test_a_place_on_aws_is_the_stack_config_s(tmp_path: Path) -> None:
    config = "config:\n  omnix-ai:accountId: '777788889999'\n  omnix-ai:region: eu-central-1\n"
    (tmp_path / "Pulumi.prod.yaml").write_text(config)

    assert finding.find_place(Selection("prod"), tmp_path) == Place("prod", "777788889999", "eu-central-1", None)


def test_options_after_the_command_win_over_those_before_it() -> None:
    inner, outer = Selection("staging"), Selection("dev", cloud=Cloud.AWS)

    assert inner.over(outer) == Selection("staging", cloud=Cloud.AWS)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://[::1]:80", True),
        ("http://localhost", True),
        ("http://dev.localhost:9", True),
        ("https://localhost.example.com", False),
        ("https://abc.execute-api.eu-central-1.amazonaws.com/dev", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


class FakeSession:
    def __init__(self, account: str, endpoint: str) -> None:
        self.account, self.endpoint = account, endpoint

    def client(self, _service: str, **_options: Any) -> Any:
        session = self

        class Client:
            meta = type("Meta", (), {"endpoint_url": session.endpoint})

            def get_caller_identity(self) -> dict[str, str]:
                return {"Account": session.account}

        return Client()


REAL_PLACE = Place("dev", "111122223333", "eu-central-1", None)


def test_credentials_of_another_account_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession("999999999999", "https://sts.eu-central-1.amazonaws.com")
    monkeypatch.setattr("ops.aws._ordinary_session", lambda: session)

    with pytest.raises(Refused, match="account 999999999999, dev is in 111122223333"):
        Aws(REAL_PLACE).client("dynamodb")


def test_an_endpoint_variable_cannot_turn_real_into_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.aws._ordinary_session", lambda: FakeSession("111122223333", "http://127.0.0.1:4566"))

    with pytest.raises(Refused, match="would go to"):
        Aws(REAL_PLACE).client("dynamodb")


def test_a_local_session_reads_neither_profile_nor_key_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    from ops.aws import _local_session

    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    session = _local_session()

    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.access_key == "omnix-local"
    client = session.client("sts", region_name="eu-central-1", endpoint_url="http://127.0.0.1:1")
    assert client.meta.endpoint_url == "http://127.0.0.1:1"
