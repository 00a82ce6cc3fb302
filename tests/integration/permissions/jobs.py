"""The platform's jobs, each a small named function over a running environment: what its permissions are for.

A job raises when it could not do its work. Those that execute here are in this module; what a service does on AWS
only is in `evaluated`, as the calls that it makes by its own documentation.
"""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.integration.conftest import Environment
from tests.integration.permissions import assisting, following, restoring, selling
from tests.integration.permissions.site import FUNCTIONS, Site, wait_until


@dataclass(frozen=True)
class Job:
    """`about`: words that occur in the titles of policies it depends on, for those that no usage record tells.

    `probe`: it only looks whether other jobs could be done; it alone justifies no permission.
    `source`: for a job that is evaluated and not executed, where it is written that AWS makes these calls.
    """

    name: str
    run: Callable[[Site], None]
    about: tuple[str, ...] = ()
    probe: bool = False
    source: str = ""


_PASSWORD = "correct horse battery"


def _register(site: Site) -> tuple[str, str]:
    """A new shop; its access and refresh tokens."""
    email = f"owner-{uuid.uuid4().hex[:12]}@jobs.example"
    person = {"email": email, "password": _PASSWORD, "name": "Owner", "tenant_name": "Jobs"}
    answer = site.call("POST", "/auth/register", 201, json=person)
    return answer["access_token"], answer["refresh_token"]


def a_shop_registers_and_uses_its_session(site: Site) -> None:
    access, refresh = _register(site)
    assert site.call("GET", "/auth/validate", 200, token=access)["valid"]
    assert site.call("GET", "/auth/me", 200, token=access)["name"] == "Owner"
    pair = site.call("POST", "/auth/refresh", 200, json={"refresh_token": refresh})
    site.call("POST", "/auth/logout", 204, json={"refresh_token": pair["refresh_token"]})
    site.call("GET", "/auth/validate", 401, token=access)


def a_session_is_seen_and_ended_and_a_password_changed(site: Site) -> None:
    access, _ = _register(site)
    person = site.call("GET", "/auth/me", 200, token=access)
    site.call("POST", "/auth/login", 200, json={"email": person["email"], "password": _PASSWORD})
    other = next(
        session for session in site.call("GET", "/auth/sessions", 200, token=access)["items"] if not session["current"]
    )
    site.call("DELETE", f"/auth/sessions/{other['session_id']}", 204, token=access)
    change = {"current_password": _PASSWORD, "new_password": "another horse battery"}
    site.call("POST", "/auth/password", 204, token=access, json=change)
    site.call("POST", "/auth/login", 401, json={"email": person["email"], "password": _PASSWORD})


def a_key_is_made_used_listed_and_revoked(site: Site) -> None:
    access, _ = _register(site)
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    made = site.call("POST", "/auth/api-keys", 201, token=access, json={"name": "Till"}, headers=headers)
    again = site.call("POST", "/auth/api-keys", 201, token=access, json={"name": "Till"}, headers=headers)
    assert again == {**made, "key": None}
    assert site.call("GET", "/auth/validate", 200, token=made["key"])["user_id"] == made["key_id"]
    assert site.call("GET", "/auth/validate", 200, headers={"X-API-Key": made["key"]})["auth"] == "api_key"
    assert site.call("GET", "/auth/api-keys", 200, token=access)["items"]
    site.call("DELETE", f"/auth/api-keys/{made['key_id']}", 204, token=access)
    site.call("GET", "/auth/validate", 401, token=made["key"])


def the_demo_owner_signs_in(site: Site) -> None:
    assert site.call("POST", "/auth/login", 200, json=site.environment.summary["demo"])["access_token"]


def a_product_is_made_changed_found_and_deleted(site: Site) -> None:
    token = site.token()
    sku = f"JOB-{uuid.uuid4().hex[:12].upper()}"
    product = {"sku": sku, "name": "Job tea", "category": "tea", "price": {"amount": 249, "currency": "EUR"}}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    made = site.call("POST", "/products", 201, token=token, json=product, headers=key)
    again = site.call("POST", "/products", 201, token=token, json=product, headers=key)
    path = f"/products/{made['product_id']}"
    assert again["product_id"] == made["product_id"]
    site.call("PATCH", path, 200, token=token, json={"name": "Job coffee"})
    site.call("PUT", path, 200, token=token, json={**product, "sku": f"{sku}-B", "name": "Job cocoa"})
    assert site.call("GET", path, 200, token=token)["name"] == "Job cocoa"
    assert site.call("GET", "/products?category=tea&q=Job", 200, token=token)["items"]
    assert site.call("GET", "/products", 200, token=token)["items"]
    site.call("DELETE", path, 204, token=token)
    site.call("GET", path, 404, token=token)


def the_dashboard_sums_up(site: Site) -> None:
    assert site.call("GET", "/dashboard/summary", 200, token=site.token())
    days = random.randrange(2, 91)  # what was asked a moment ago would come from the function's memory
    assert site.call("GET", f"/dashboard/trends?days={days}", 200, token=site.token())


def the_system_routes_answer(site: Site) -> None:
    assert site.call("GET", "/system/health", 200)["status"] == "ok"
    assert site.call("GET", "/system/readiness", 200)["ok"]
    assert site.call("GET", "/system/version", 200)["version"]
    assert site.call("GET", "/openapi.json", 200)["openapi"]


def a_browser_asks_before_it_calls(site: Site) -> None:
    origin = site.environment.outputs["cors_origins"][0]
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    with site.environment.http() as http:
        answer = http.options("/products", headers=asked)
    assert answer.headers.get("access-control-allow-origin") == origin, (answer.status_code, answer.headers)


def a_caller_without_a_credential_is_refused(site: Site) -> None:
    site.call("GET", "/products", 401)
    site.call("GET", "/products", 401, token="not-a-token")


def the_platform_s_own_api_key_opens(site: Site) -> None:
    value = site.client("secretsmanager").get_secret_value(SecretId=site.secret("API_KEY_1"))["SecretString"]
    assert site.call("GET", "/auth/validate", 200, token=value)["auth"] == "api_key"


def _readiness(function: str) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        found = site.invoke(function, {"source": "omnix.readiness"})
        assert found["ok"], [check for check in found["checks"] if not check["ok"]]

    return job


def _log(function: str) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        logs, group = site.client("logs"), f"/aws/lambda/{site.function(function)}"
        since = int(time.time() * 1000)
        site.invoke(function, {"source": "omnix.readiness"})

        def written() -> bool:
            return bool(logs.filter_log_events(logGroupName=group, startTime=since)["events"])

        wait_until(written, f"no line in {group}")

    return job


def _trace(function: str) -> Callable[[Site], None]:
    """Lambda checks the role when tracing is turned on, and its X-Ray daemon sends segments as the role."""

    def job(site: Site) -> None:
        named = site.function(function)
        site.client("lambda").update_function_configuration(FunctionName=named, TracingConfig={"Mode": "Active"})
        xray = site.as_role(function, "xray")
        moment = time.time()
        segment = (
            f'{{"name": "job", "id": "70de5b6f19ff9a0a", "trace_id": "1-{int(moment):08x}-a006649127e371903a2de979",'
            f' "start_time": {moment}, "end_time": {moment}}}'
        )
        xray.put_trace_segments(TraceSegmentDocuments=[segment])
        xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": moment, "SegmentsSentCount": 1}])

    return job


def _current(secrets: Any, arn: str) -> str:
    stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    return next(str(version) for version, names in stages.items() if "AWSCURRENT" in names)


def _rotation(name: str) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        secrets, arn = site.client("secretsmanager"), site.secret(name)
        _abandon(secrets, arn)
        before = _current(secrets, arn)
        secrets.rotate_secret(SecretId=arn)
        try:
            wait_until(lambda: _current(secrets, arn) != before, f"{name} did not rotate", 6)
        finally:
            _abandon(secrets, arn)
            if name == "JWT_SECRET":
                site.forget_token()

    return job


def _abandon(secrets: Any, arn: str) -> None:
    """A rotation that failed leaves AWSPENDING behind, and every later one would first go on with it."""
    for version, stages in secrets.describe_secret(SecretId=arn)["VersionIdsToStages"].items():
        if stages == ["AWSPENDING"]:
            secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=version)


def first_values_are_written_once(site: Site) -> None:
    for arn in site.environment.outputs["secrets"].values():
        assert site.invoke("rotation", {"source": "omnix.initialise", "secret_id": arn}) == {"written": False}


def _access_group(environment: Environment) -> str:
    return f"/omnix-ai/{environment.workspace.stack}/api/access"


def the_gateway_writes_its_access_log(site: Site) -> None:
    logs, group = site.client("logs"), _access_group(site.environment)
    since = int(time.time() * 1000)
    site.call("GET", "/no-such-route", 404)
    wait_until(
        lambda: bool(logs.filter_log_events(logGroupName=group, startTime=since)["events"]), f"no line in {group}"
    )


def log_groups_are_encrypted_with_the_platform_s_key(site: Site) -> None:
    """CloudWatch Logs tries the key when a group is made with it; it encrypts every batch with it."""
    logs = site.client("logs")
    stage, unique = site.name, uuid.uuid4().hex[:8]
    names = (f"/aws/lambda/omnix-ai-{stage}-{unique}", f"/omnix-ai/{stage}/{unique}")
    for group in (*names, f"API-Gateway-Execution-Logs_{unique}/{stage}"):
        logs.create_log_group(logGroupName=group, kmsKeyId=site.key)
        logs.delete_log_group(logGroupName=group)


def executed() -> list[Job]:
    """Every job that does its work in the local cloud, the quick ones first."""

    def of(name: str) -> tuple[str, ...]:
        return f"role {name},", f"function {name}"

    return [
        *(Job(f"{name} is ready", _readiness(name), of(name), probe=True) for name in FUNCTIONS),
        Job("a caller without a credential is refused", a_caller_without_a_credential_is_refused, of("authorizer")),
        Job("the system routes answer", the_system_routes_answer, of("api")),
        Job("the demo owner signs in", the_demo_owner_signs_in, of("auth")),
        Job("the dashboard sums up", the_dashboard_sums_up, (*of("api"), *of("authorizer"))),
        Job("the platform's own API key opens", the_platform_s_own_api_key_opens, of("authorizer")),
        Job("a browser asks before it calls", a_browser_asks_before_it_calls, of("api")),
        Job("log groups are encrypted with the key", log_groups_are_encrypted_with_the_platform_s_key, ("key",)),
        Job("the gateway writes its access log", the_gateway_writes_its_access_log, of("apigateway-logs")),
        Job("first values are written once", first_values_are_written_once, of("rotation")),
        Job("the worker counts a product", following.the_worker_counts_a_product, of("worker")),
        Job("the worker counts and lists stock", following.the_worker_counts_and_lists_stock, of("worker")),
        Job("what the worker gives up is kept", following.what_the_worker_gives_up_is_kept, (*of("worker"), "queue ")),
        Job("visitors are counted", following.visitors_are_counted, of("api")),
        Job("a write reaches the dashboard by itself", following.a_write_reaches_the_dashboard_by_itself, of("worker")),
        *(Job(f"{name} writes its log", _log(name), of(name)) for name in FUNCTIONS),
        *(Job(f"{name} sends its traces", _trace(name), of(name)) for name in FUNCTIONS),
        Job("a shop registers and uses its session", a_shop_registers_and_uses_its_session, of("auth")),
        Job(
            "a session is seen and ended, and a password changed",
            a_session_is_seen_and_ended_and_a_password_changed,
            of("auth"),
        ),
        Job(
            "a key is made, used, listed and revoked",
            a_key_is_made_used_listed_and_revoked,
            (*of("auth"), *of("authorizer")),
        ),
        Job("a product is made, changed, found and deleted", a_product_is_made_changed_found_and_deleted, of("api")),
        Job("a customer is made, changed and erased", selling.a_customer_is_made_changed_found_and_erased, of("api")),
        Job("stock is imported and listed", selling.stock_is_imported_and_listed_by_its_location, of("api")),
        Job("an order takes and gives back its stock", selling.an_order_takes_its_stock_and_gives_it_back, of("api")),
        Job(
            "a paid order is counted and recommended",
            selling.a_paid_order_is_counted_for_its_customer_and_recommended,
            (*of("api"), *of("worker")),
        ),
        *_of_assistant(of("assistant")),
        *_of_recovery(),
        *(
            Job(f"{name} rotates", _rotation(name), of("rotation"))
            for name in ("JWT_SECRET", "JWT_REFRESH_SECRET", "API_KEY_1")
        ),
    ]


def _of_assistant(about: tuple[str, ...]) -> list[Job]:
    record = ("role bedrock-logs,", "key/LogGroups")
    return [
        Job("the assistant answers from the shop's own data", assisting.it_answers_from_the_shop_s_own_data, about),
        Job("the assistant tells what the figures say", assisting.it_tells_what_the_figures_say, about),
        Job("a conversation is remembered and forgotten", assisting.it_remembers_and_forgets_a_conversation, about),
        Job("what its user confirms is changed", assisting.it_changes_what_its_user_confirms, about),
        Job("an agent calls a tool", assisting.an_agent_calls_a_tool, about),
        Job("what the dead held is looked for", assisting.what_the_dead_held_is_looked_for, about),
        Job("a call is in Bedrock's record", assisting.a_call_is_in_bedrock_s_record, (*about, *record)),
        Job(
            "the budget's action ends calls, and its reversal allows them",
            assisting.the_budget_s_action_ends_calls_and_its_reversal_allows_them,
            ("role budget-action,", "policy no-models"),
        ),
    ]


def _of_recovery() -> list[Job]:
    backup, there = ("role backup,", "vault "), ("key dr", "topic alarms-dr")
    return [
        Job(
            "a table is backed up, copied and brought home",
            restoring.a_table_is_backed_up_copied_and_brought_home,
            (*backup, "key dr"),
        ),
        Job(
            "a copy is restored in the recovery region and told there",
            restoring.a_copy_is_restored_in_the_recovery_region_and_told_there,
            (*backup, *there),
        ),
        Job("a copy that fails is told", restoring.a_copy_that_fails_is_told, ("topic alarms/BackupPublishes", "key")),
        Job(
            "every restore test is judged",
            restoring.every_restore_test_is_judged,
            ("role backup,", "role validation,", "function validation"),
        ),
        Job("an event that was given up is told", restoring.an_event_that_was_given_up_is_told, ("role validation,",)),
        Job(
            "nobody deletes or shortens what is kept",
            restoring.nobody_deletes_or_shortens_what_is_kept,
            ("vault ",),
        ),
        Job(
            "a file is replicated, tagged and hidden",
            restoring.a_file_is_replicated_tagged_and_hidden,
            ("role file-replication,", "key"),
        ),
    ]
