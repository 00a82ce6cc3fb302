"""What the function `assistant` reads of Parameter Store beyond what every function that serves HTTP does."""

from __future__ import annotations

import functools
import os

from omnix import aws
from omnix.costs import limits, prices
from omnix.parameters import Parameters

MODEL_ID = "bedrock/model-id"
GUARDRAIL = "bedrock/guardrail"


@functools.cache
def parameters() -> Parameters:
    """The model parameters of the environment that this process serves, kept for a minute."""
    names = [MODEL_ID, GUARDRAIL, prices.MODELS, limits.LIMITS]
    return Parameters(aws.client("ssm"), os.environ["OMNIX_PARAMETER_PREFIX"], names)


def catalogue() -> prices.Catalogue:
    """The allowed models. Raises as `Parameters.get` does, and ModelsError."""
    return prices.parse(parameters().get(prices.MODELS))


def current_limits() -> limits.Limits:
    """Everybody's limits. Raises as `Parameters.get` does, and LimitsError."""
    return limits.parse(parameters().get(limits.LIMITS))
