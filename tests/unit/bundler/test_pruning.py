import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundler import build, prune
from bundler.errors import ProjectError
from tests.unit.bundler.fixture_project import Project, entries

HANDLER = "def handler(event, context): return None\n"
MODEL = json.dumps({"metadata": {"endpointPrefix": "tables.dynamo"}}).encode()


@pytest.fixture
def aws(project: Project) -> Project:
    """A function with a botocore of three services, one with two API versions."""
    services = {"tables.dynamo": {"endpoints": {"eu": {}}}, "queue": {"endpoints": {}}}
    project.wheel(
        "botocore",
        {
            "botocore/__init__.py": "",
            "botocore/cacert.pem": "certificates",
            "botocore/data/_retry.json": "{}",
            "botocore/data/partitions.json": "{}",
            "botocore/data/sdk-default-configuration.json": "{}",
            "botocore/data/endpoints.json": json.dumps({"partitions": [{"partition": "aws", "services": services}]}),
            "botocore/data/dynamo/2011-01-01/service-2.json.gz": gzip.compress(b"old"),
            "botocore/data/dynamo/2012-01-01/service-2.json.gz": gzip.compress(MODEL),
            "botocore/data/dynamo/2012-01-01/paginators-1.json": "{}",
            "botocore/data/dynamo/2012-01-01/examples-1.json": "{}",
            "botocore/data/queue/2010-01-01/service-2.json.gz": gzip.compress(b"{}"),
        },
    )
    project.function("hello", f"import botocore\n{HANDLER}", ("botocore",), 'aws-services = ["dynamo"]')
    project.lock()
    return project


def test_botocore_keeps_the_declared_services_newest_api_unpacked_and_the_shared_files(aws: Project) -> None:
    content = {n: c for n, c in entries(aws, build(aws.root, "aws"), "hello").items() if n.startswith("botocore/")}
    assert sorted(content) == [
        "botocore/__init__.pyc",
        "botocore/cacert.pem",
        "botocore/data/_retry.json",
        "botocore/data/dynamo/2012-01-01/paginators-1.json",
        "botocore/data/dynamo/2012-01-01/service-2.json",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/sdk-default-configuration.json",
    ]
    assert content["botocore/data/dynamo/2012-01-01/service-2.json"] == MODEL


def test_botocores_endpoints_are_those_of_the_declared_services(aws: Project) -> None:
    document = json.loads(entries(aws, build(aws.root, "aws"), "hello")["botocore/data/endpoints.json"])
    assert document == {"partitions": [{"partition": "aws", "services": {"tables.dynamo": {"endpoints": {"eu": {}}}}}]}


def test_without_a_declaration_every_service_stays_as_it_was(aws: Project) -> None:
    aws.function("hello", f"import botocore\n{HANDLER}", ("botocore",))
    aws.lock()
    names = entries(aws, build(aws.root, "aws"), "hello")
    assert {n for n in names if n.endswith(".gz")} == {
        "botocore/data/dynamo/2011-01-01/service-2.json.gz",
        "botocore/data/dynamo/2012-01-01/service-2.json.gz",
        "botocore/data/queue/2010-01-01/service-2.json.gz",
    }


def test_a_service_that_botocore_does_not_know_is_refused(aws: Project) -> None:
    aws.function("hello", f"import botocore\n{HANDLER}", ("botocore",), 'aws-services = ["dynamodb"]')
    aws.lock()
    with pytest.raises(ProjectError, match="botocore knows no service dynamodb"):
        build(aws.root, "aws")


def test_a_client_of_an_undeclared_service_in_the_functions_own_folder_is_refused(aws: Project) -> None:
    aws.write("functions/hello/handler.py", f"import botocore\ndef f(session): session.client('queue')\n{HANDLER}")
    with pytest.raises(ProjectError, match=r"makes clients of queue, which .* aws-services does not name"):
        build(aws.root, "aws")


@pytest.mark.parametrize("unused", prune.UNUSED)
def test_what_seems_unused_stays_when_an_own_module_names_it(unused: prune.Unused) -> None:
    assert unused.path in prune.never_runs([b"import json\n"])
    assert unused.path not in prune.never_runs([b"import json\n", b"x = " + unused.unless])


def test_an_unused_package_is_shipped_once_an_own_module_imports_it(project: Project) -> None:
    project.wheel("cffi", {"cffi/__init__.py": ""})
    project.wheel("user", {"user.py": "import cffi\n"})
    project.function("hello", f"import user\n{HANDLER}", ("user", "cffi"))
    project.lock()
    assert "cffi/__init__.pyc" not in entries(project, build(project.root, "local"), "hello")
    project.write("functions/hello/handler.py", f"import user, cffi\n{HANDLER}")
    assert "cffi/__init__.pyc" in entries(project, build(project.root, "local"), "hello")


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("a/cacert.pem", True),
        ("a/zone.tar.gz", True),
        ("a/py.typed", False),
        ("a/b.pyi", False),
        ("a/tests/data.json", False),
        ("a/README.md", False),
        ("a/_ext.c", False),
    ],
)
def test_data_that_code_may_read_is_told_from_what_only_people_and_tools_read(path: str, kept: bool) -> None:
    assert prune.is_data(path) is kept


@given(st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5}){0,3}", fullmatch=True), st.from_regex(r"[a-z]{1,5}", fullmatch=True))
def test_a_path_is_below_its_own_folders_and_no_longer_named_one(path: str, tail: str) -> None:
    assert prune.below(path, [path])
    assert prune.below(f"{path}/{tail}", [path])
    assert not prune.below(f"{path}{tail}", [path])
    assert not prune.below(path, [])
