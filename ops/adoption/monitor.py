"""Finds the account's own anomaly monitor, of which AWS takes no second: it is named in the config, not imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.naming import PROJECT, Names

if TYPE_CHECKING:
    from ops.adoption.state import Managed

MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
CONFIG_KEY = "omnix-ai:anomalyMonitorArn"
REGION = "us-east-1"  # of Cost Explorer, which is one for all regions


def monitor_of_services(names: Names, cost_explorer: Any, state: Managed) -> str | None:
    """ARN of the account's monitor by service, if neither `state` nor another environment's stack has made it.

    It is not for `adopt`: an import would rename what belongs to the account, and a destroy would delete it.
    Source: AWS Cost Management user guide, quotas: one monitor by AWS services an account.
    """
    pages = cost_explorer.get_paginator("get_anomaly_monitors").paginate()
    for monitor in (monitor for page in pages for monitor in page["AnomalyMonitors"]):
        if monitor.get("MonitorDimension") != "SERVICE" or (MONITOR, monitor["MonitorArn"]) in state:
            continue
        name = str(monitor["MonitorName"])
        if name == names.of("anomaly", "services") or not name.startswith(f"{PROJECT}-"):
            return str(monitor["MonitorArn"])
    return None
