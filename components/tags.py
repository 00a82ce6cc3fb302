"""The six tags. Five are the provider's default tags; `Component` is set on each taggable resource."""

from components.config import StackConfig
from components.naming import PROJECT

DEFAULT_TAG_KEYS = ("Project", "Environment", "Owner", "CostCenter", "ManagedBy")
REQUIRED_TAG_KEYS = (*DEFAULT_TAG_KEYS, "Component")


def default_tags(config: StackConfig) -> dict[str, str]:
    """Tags of everything in a stack, for the provider's `default_tags`."""
    return {
        "Project": PROJECT,
        "Environment": config.environment,
        "Owner": config.owner,
        "CostCenter": config.cost_center,
        "ManagedBy": "pulumi",
    }


def component_tags(component: str) -> dict[str, str]:
    """The tag that tells which component owns a resource, e.g. `{"Component": "DataStack"}`."""
    return {"Component": component}
