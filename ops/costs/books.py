"""An environment's books of what models cost: its table, its parameters, and where Bedrock records the calls."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix import table_names
from omnix.costs import limits, prices
from omnix.costs.limits import LimitsError
from omnix.costs.parameters import MODEL_ID
from omnix.costs.prices import ModelsError
from omnix.dynamodb import Table
from omnix.table_names import TableNamesError
from ops.aws import Aws
from ops.errors import Refused

if TYPE_CHECKING:
    from omnix.costs.limits import Limits
    from omnix.costs.prices import Catalogue
    from ops.stack import Stack

_REMEDY = "deploy the stack (`make up STACK=…` locally, `pulumi up --stack …` on AWS): it writes the parameters"


@dataclass(frozen=True)
class Books:
    """One environment's, as its functions see them now.

    `function_role` is the role's name of the only function that calls models.
    """

    environment: str
    table: Table
    models: Catalogue
    default_model: str
    limits: Limits
    profile_arns: frozenset[str]
    function_role: str


def books(stack: Stack) -> Books:
    """Refused where the stack has no assistant, or its parameters are none that it writes."""
    function = stack.outputs.functions.get("assistant")
    if function is None:
        raise Refused(f"{stack.name} has no assistant", _REMEDY)
    client = Aws(stack.place).client
    prefix = stack.outputs.parameter_prefix
    values = _values(client("ssm"), prefix, [table_names.PARAMETER, MODEL_ID, prices.MODELS, limits.LIMITS])
    try:
        names = table_names.parse(values[table_names.PARAMETER])
        configuration = client("lambda").get_function_configuration(FunctionName=function.name)
        return Books(
            environment=stack.name,
            table=Table(client("dynamodb"), names.physical("analytics", time.time())),
            models=prices.parse(values[prices.MODELS]),
            default_model=values[MODEL_ID],
            limits=limits.parse(values[limits.LIMITS]),
            profile_arns=frozenset(stack.outputs.bedrock_models.values()),
            function_role=configuration["Role"].rpartition("/")[2],
        )
    except (TableNamesError, ModelsError, LimitsError, KeyError) as error:
        raise Refused(f"the parameters below {prefix} are none of the stack's: {error}", _REMEDY) from error


def _values(ssm: Any, prefix: str, names: list[str]) -> dict[str, str]:
    answer = ssm.get_parameters(Names=[f"{prefix}/{name}" for name in names])
    if missing := answer["InvalidParameters"]:
        raise Refused(f"Parameter Store has no {', '.join(missing)}", _REMEDY)
    return {one["Name"].removeprefix(f"{prefix}/"): one["Value"] for one in answer["Parameters"]}
