"""The function `api`: retail and system routes, and the pre-flight of every path."""

from typing import Any

from omnix import aws, deadline, http, readiness
from omnix.analytics.routes import router as analytics
from omnix.bulk.routes import router as bulk
from omnix.catalogue.routes import router as catalogue
from omnix.customers.routes import router as customers
from omnix.dashboard.routes import router as dashboard
from omnix.inventory.routes import router as inventory
from omnix.orders.routes import router as orders
from omnix.parameters import parameters
from omnix.recommendations.routes import router as recommendations
from omnix.settings import ApiSettings, load
from omnix.system import service
from omnix.system.routes import router as system

load(ApiSettings)
aws.prepare("ssm", "dynamodb")
app = http.application(system, catalogue, inventory, bulk, orders, customers, recommendations, dashboard, analytics)


def handler(event: dict[str, Any], context: object) -> Any:
    """REST proxy events, and the direct readiness event."""
    deadline.begin(context)
    if event.get("source") == readiness.SOURCE:
        return service.ready().as_dict()
    return http.serve(app, parameters(), event, context)
