"""The price table and the usage assumptions as checked data. Amounts are USD a month."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ops.errors import WrongUse

_DATA = Path(__file__).parent / "data"
PRICES = _DATA / "prices.yaml"
USAGE = _DATA / "usage.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Strict):
    """`usd` for one `unit`; `basis` is `region` for the table's own region, else the region it was taken from."""

    usd: Annotated[float, Field(ge=0)]
    unit: str
    source: str
    basis: str


class Line(_Strict):
    """One amount of a resource: a price times the product of its terms, where the condition holds."""

    price: str
    times: tuple[float | str, ...]
    when: str | None = None


class PriceTable(_Strict):
    """The table, with the types that have no price of their own.

    `date`: when it was written; `checked`: when it was last compared with AWS's price list, if ever.
    """

    version: Literal[1]
    region: str
    currency: Literal["USD"]
    date: dt.date
    checked: dt.date | None
    hours: int
    prices: Mapping[str, Price]
    resources: Mapping[str, tuple[Line, ...]]
    free: frozenset[str]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = {line.price for lines in self.resources.values() for line in lines} - self.prices.keys()
        if missing:
            raise ValueError(f"resources use prices that the table lacks: {', '.join(sorted(missing))}")
        if both := self.free & self.resources.keys():
            raise ValueError(f"both priced and free: {', '.join(sorted(both))}")
        return self


type Numbers = Mapping[str, Annotated[float, Field(ge=0)]]


class Usage(_Strict):
    """Assumed use of a month, by name; the most specific wins."""

    defaults: Numbers = {}
    environments: Mapping[str, Numbers] = {}
    resources: Mapping[str, Numbers] = {}

    def value(self, name: str, environment: str, resource: str) -> float | None:
        """The assumption for one resource of one environment."""
        for layer in (self.resources.get(resource, {}), self.environments.get(environment, {}), self.defaults):
            if name in layer:
                return layer[name]
        return None

    def over(self, base: "Usage") -> "Usage":
        """These assumptions, on top of `base`."""
        return Usage(
            defaults={**base.defaults, **self.defaults},
            environments=_merged(base.environments, self.environments),
            resources=_merged(base.resources, self.resources),
        )


def _merged(base: Mapping[str, Numbers], top: Mapping[str, Numbers]) -> dict[str, Numbers]:
    return {name: {**base.get(name, {}), **top.get(name, {})} for name in {*base, *top}}


def read_prices(path: Path | None = None) -> PriceTable:
    """The table of a file, or the committed one."""
    return _read(path or PRICES, PriceTable)


def read_usage(path: Path | None = None) -> Usage:
    """The committed assumptions, with a file's over them."""
    committed = _read(USAGE, Usage)
    return _read(path, Usage).over(committed) if path else committed


def _read[T: BaseModel](path: Path, model: type[T]) -> T:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return model.model_validate(content)
    except FileNotFoundError as error:
        raise WrongUse(f"there is no file {path}", "check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} is no YAML", f"mend it; the committed one is {model.__name__}'s example") from error
    except ValidationError as error:
        details = "; ".join(
            f"{'.'.join(str(p) for p in d['loc'])}: {d['msg']}" for d in error.errors(include_url=False)
        )
        raise WrongUse(f"{path} cannot be used: {details}", "mend it after the committed file's form") from error
