"""AWS Backup Audit Manager: frameworks and report plans. Stored: nothing evaluates controls or writes reports."""
# ruff: noqa: A001, A002, ARG002, D102 - `ResourceType` says what each method does

import datetime
from collections.abc import Iterator, Mapping

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope, failed_precondition
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered
from localcloud.refusals.applied import applied
from localcloud.refusals.check import Inputs, Of, Place, Violation

_FRAMEWORK, _REPORT = "aws:backup/framework:Framework", "aws:backup/reportPlan:ReportPlan"
_NAME = r"[a-zA-Z][_a-zA-Z0-9]*"  # no hyphen, unlike nearly every other name
# Controls and their parameters: "Creating frameworks using the AWS Backup API" of the developer guide.
CONTROLS: Mapping[str, frozenset[str]] = {
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN": frozenset(),
    "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK": frozenset(
        {"requiredFrequencyUnit", "requiredFrequencyValue", "requiredRetentionDays"}
    ),
    "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED": frozenset({"principalArnList"}),
    "BACKUP_RECOVERY_POINT_ENCRYPTED": frozenset(),
    "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK": frozenset({"requiredRetentionDays"}),
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION": frozenset({"crossRegionList"}),
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_ACCOUNT": frozenset({"crossAccountList"}),
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK": frozenset({"minRetentionDays", "maxRetentionDays"}),
    "BACKUP_LAST_RECOVERY_POINT_CREATED": frozenset({"recoveryPointAgeUnit", "recoveryPointAgeValue"}),
    "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET": frozenset({"maxRestoreTime"}),
    "BACKUP_RESOURCES_IN_LOGICALLY_AIR_GAPPED_VAULT": frozenset({"recoveryPointAgeUnit", "recoveryPointAgeValue"}),
}
_UNITS = {"requiredFrequencyUnit", "recoveryPointAgeUnit"}
_LISTS = {"principalArnList", "crossRegionList", "crossAccountList"}
_MOST_CONTROLS = 50
_JOBS = ("BACKUP_JOB_REPORT", "COPY_JOB_REPORT", "RESTORE_JOB_REPORT")
_COMPLIANCE = ("RESOURCE_COMPLIANCE_REPORT", "CONTROL_COMPLIANCE_REPORT")


class _Audited(StoredType):
    id_format = "{name}"
    naming = Naming(_NAME, 256)
    once = frozenset({"arn", "creationTime"})
    noun: str

    def create(self, scope: Scope, inputs: Properties) -> str:
        id = str(inputs["name"])
        if scope.registry.get(self.kind, self.row(scope, id, inputs)):
            raise failed_precondition(f"AlreadyExistsException: {self.noun} {id} already exists")
        return id

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {
            "arn": scope.arn("backup", f"{self.noun}:{id}"),
            "creationTime": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "deploymentStatus": "COMPLETED",
        }


class Framework(_Audited):
    """Active at once; AWS takes up to three minutes, and deploys none where AWS Config does not record."""

    pulumi_type = _FRAMEWORK
    kind = "backup:framework"
    noun = "framework"
    unordered = frozenset({"controls"})

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {**super().computed(scope, id, inputs), "status": "ACTIVE"}


class ReportPlan(_Audited):
    """Its template never changes: `reportTemplate` inside `reportSetting` makes a new one."""

    pulumi_type = _REPORT
    kind = "backup:report-plan"
    noun = "report-plan"
    force_new = frozenset({"reportSetting"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        """AWS looks for the bucket when it writes, not now; ours are all in this cloud."""
        scope.client("s3").head_bucket(Bucket=inputs["reportDeliveryChannel"]["s3BucketName"])
        return super().create(scope, inputs)


def _controls(inputs: Inputs, _: Place) -> Iterator[Violation]:
    controls = inputs.get("controls", ())
    if not 1 <= len(controls) <= _MOST_CONTROLS:
        yield "controls", f"{len(controls)} controls; AWS takes 1 to {_MOST_CONTROLS} in a Region"
    for index, control in enumerate(controls):
        yield from _control(control, f"controls[{index}]")


def _control(control: Inputs, path: str) -> Iterator[Violation]:
    known = CONTROLS.get(str(control.get("name")))
    if known is None:
        yield f"{path}.name", f"{control.get('name')!r} is none of {', '.join(CONTROLS)}"
        return
    for index, parameter in enumerate(control.get("inputParameters") or ()):
        at, name, value = f"{path}.inputParameters[{index}]", parameter.get("name"), str(parameter.get("value"))
        if name not in known:
            yield f"{at}.name", f"{name!r} is no parameter of {control['name']} ({', '.join(sorted(known)) or 'none'})"
        elif name in _UNITS and value not in {"hours", "days"}:
            yield f"{at}.value", f"{value!r} is neither hours nor days"
        elif name not in _UNITS | _LISTS and not value.isdigit():
            yield f"{at}.value", f"{value!r} is no whole number"
    scope = control.get("scope") or {}
    if len(scope.get("tags") or {}) > 1:
        yield f"{path}.scope.tags", "one tag at most"
    if (ids := scope.get("complianceResourceIds")) is not None and not 1 <= len(ids) <= 100:  # noqa: PLR2004
        yield f"{path}.scope.complianceResourceIds", "AWS takes 1 to 100"


def _setting(inputs: Inputs, _: Place) -> Iterator[Violation]:
    setting, channel = inputs.get("reportSetting") or {}, inputs.get("reportDeliveryChannel") or {}
    template = setting.get("reportTemplate")
    if template not in (*_JOBS, *_COMPLIANCE):
        yield "reportSetting.reportTemplate", f"{template!r} is none of {', '.join((*_JOBS, *_COMPLIANCE))}"
    if template in _COMPLIANCE and not setting.get("frameworkArns"):
        yield "reportSetting.frameworkArns", f"a {template} is about frameworks: name one at least"
    if template in _JOBS and (setting.get("frameworkArns") or setting.get("numberOfFrameworks")):
        yield "reportSetting.frameworkArns", f"a {template} knows no frameworks"
    if (bucket := str(channel.get("s3BucketName", ""))).startswith(("s3:", "arn:")) or "/" in bucket:
        yield "reportDeliveryChannel.s3BucketName", f"{bucket!r} is no bucket's name"
    for index, form in enumerate(channel.get("formats") or ()):
        if form not in {"CSV", "JSON"}:
            yield f"reportDeliveryChannel.formats[{index}]", f"{form!r} is neither CSV nor JSON"


_ON_FRAMEWORK, _ON_REPORT = Of(_FRAMEWORK, "AWS Backup CreateFramework"), Of(_REPORT, "AWS Backup CreateReportPlan")
RULES = (
    _ON_FRAMEWORK.rule(
        "controls", "controls", _controls, "a control or a parameter that Audit Manager does not know, a scope of"
        " more than one tag", f"{_MOST_CONTROLS} controls; 1 tag; 100 resources",
        "AWS Backup: creating frameworks using the API",
    ),
    _ON_REPORT.rule(
        "setting", "reportSetting reportDeliveryChannel", _setting, "a template that is not known, a compliance report"
        " of no framework, a bucket that is no name, a format that is not written", "CSV, JSON",
    ),
    *(applied(token, "exists", f"a second {noun} of one name", f"AWS Backup Create{call}", "1 in a Region")
      for token, noun, call in ((_FRAMEWORK, "framework", "Framework"), (_REPORT, "report plan", "ReportPlan"))),
    applied(_REPORT, "bucket", "a report plan for a bucket that is not there", "this provider: AWS finds out later"),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        _FRAMEWORK, "a framework in a Region where AWS Config does not record: its deployment fails",
        "no recorder in this cloud", "AWS Backup Audit Manager: turning on resource tracking",
    ),
    NotCovered(
        _FRAMEWORK, "15 frameworks of an account and Region", "a quota that can be raised", "AWS Backup quotas"
    ),
    NotCovered(
        _REPORT, "a bucket policy that does not let AWS Backup's reports role write",
        "the report fails later, the call does not", "AWS Backup: creating report plans",
    ),
)  # fmt: skip
TYPES = (Framework(), ReportPlan())
