"""Writers that meet: whatever the order, one wins where one may, and what is kept is what was answered."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from omnix import etag
from omnix.authorisation import Principal, Role
from omnix.catalogue.model import Product, ProductChanges, ProductInput
from omnix.catalogue.service import catalogue
from omnix.dashboard.service import dashboard
from omnix.errors import ConflictError, NotFoundError, PreconditionFailedError, UnauthorizedError, UnavailableError
from omnix.identity.model import Registration
from omnix.identity.service import identity

from .conftest import Cloud
from .worker import Worker

pytestmark = pytest.mark.usefixtures("cloud", "atomic_writes")

WHO = Principal("t1", "u1", Role.OWNER, "s1", "jwt")
WRITERS = 12
ITEMS_A_PRODUCT = 5  # itself, its SKU and three entries


def content(sku: str, category: str = "tea", amount: int = 100) -> ProductInput:
    price = {"amount": amount, "currency": "EUR"}
    return ProductInput.model_validate({"sku": sku, "name": sku, "category": category, "price": price})


def at_once(writers: int, write: Callable[[int], Any]) -> list[Any]:
    """What each of the writers got, or the error that it met; all start together."""
    start = Barrier(writers, timeout=30)

    def run(number: int) -> Any:
        start.wait()
        try:
            return write(number)
        except (ConflictError, NotFoundError, PreconditionFailedError, UnauthorizedError, UnavailableError) as error:
            return error

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, range(writers)))


def kinds(outcomes: list[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def test_each_judge_is_the_one_that_it_is_said_to_be(cloud: Cloud, database: str | None) -> None:
    import boto3

    catalogue().create(WHO, content("TEA-1"), None)
    assert len(cloud.items("products")) == ITEMS_A_PRODUCT
    in_moto = boto3.session.Session(region_name="eu-central-1").client("dynamodb").list_tables()["TableNames"]
    assert bool(in_moto) == (database is None)


def test_of_writers_with_one_if_match_exactly_one_writes(cloud: Cloud) -> None:
    made, _ = catalogue().create(WHO, content("TEA-1"), None)
    outcomes = at_once(
        WRITERS, lambda n: catalogue().update(WHO, made.product_id, ProductChanges(name=f"N{n}"), etag.of(made.version))
    )
    assert kinds(outcomes) == {"Product": 1, "PreconditionFailedError": WRITERS - 1}
    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, Product))
    assert catalogue().get(WHO, made.product_id) == winner
    assert winner.version == 2
    assert len(cloud.items("products")) == ITEMS_A_PRODUCT


def test_a_sku_that_many_want_is_one_products(cloud: Cloud) -> None:
    outcomes = at_once(WRITERS, lambda n: catalogue().create(WHO, content("TEA-1", amount=n), None))
    assert kinds(outcomes) == {"tuple": 1, "ConflictError": WRITERS - 1}
    assert len(cloud.items("products")) == ITEMS_A_PRODUCT
    Worker(cloud).catch_up()
    assert dashboard().summary(WHO).products == 1


def test_one_idempotency_key_makes_one_product_for_all_who_send_it(cloud: Cloud) -> None:
    outcomes = at_once(WRITERS, lambda _: catalogue().create(WHO, content("TEA-1"), "key-1"))
    assert kinds(outcomes) == {"tuple": WRITERS}
    assert len({product.product_id for product, _ in outcomes}) == 1
    assert sorted(replayed for _, replayed in outcomes) == [False] + [True] * (WRITERS - 1)
    assert len(cloud.items("products")) == ITEMS_A_PRODUCT
    Worker(cloud).catch_up()
    assert dashboard().summary(WHO).products == 1


def test_the_roll_ups_count_every_product_that_was_answered_and_no_other(cloud: Cloud) -> None:
    outcomes = at_once(WRITERS, lambda n: catalogue().create(WHO, content(f"TEA-{n}", amount=n), None))
    made = [product for product, _ in outcomes if isinstance(product, Product)]
    assert made
    Worker(cloud).catch_up()
    found = dashboard().summary(WHO)
    assert found.products == len(made)
    (price,) = found.prices
    assert price.total == sum(product.price.amount for product in made)


def test_a_deleted_product_does_not_come_back_with_a_late_change(cloud: Cloud) -> None:
    for number in range(6):
        made, _ = catalogue().create(WHO, content(f"TEA-{number}"), None)

        def write(writer: int, made: Product = made) -> Any:
            if writer == 0:
                return catalogue().delete(WHO, made.product_id, None)
            return catalogue().update(WHO, made.product_id, ProductChanges(name=f"N{writer}"), None)

        deleted, *changed = at_once(4, write)
        assert deleted is None
        assert set(kinds(changed)) <= {"Product", "NotFoundError"}
        with pytest.raises(NotFoundError):
            catalogue().get(WHO, made.product_id)
    assert cloud.items("products") == []
    assert dashboard().summary(WHO).products == 0


def test_products_that_swap_their_skus_never_share_one(cloud: Cloud) -> None:
    first, _ = catalogue().create(WHO, content("TEA-1"), None)
    second, _ = catalogue().create(WHO, content("TEA-2"), None)
    wanted = {first.product_id: ("TEA-2", "TEA-3"), second.product_id: ("TEA-1", "TEA-3")}

    def write(writer: int) -> Any:
        product = (first, second)[writer % 2].product_id
        return catalogue().update(WHO, product, ProductChanges(sku=wanted[product][writer // 2 % 2]), None)

    at_once(8, write)
    skus = [catalogue().get(WHO, product).sku for product in wanted]
    assert len(set(skus)) == 2
    entries = [item["sku"] for item in cloud.items("products") if item["entity"] == "product_sku"]
    assert sorted(entries) == sorted(skus)


def registered() -> Any:
    person = {
        "email": "ada@shop.example",
        "password": "correct horse battery",
        "name": "Ada",
        "tenant_name": "Corner Shop",
    }
    session, _ = identity().register(Registration.model_validate(person))
    return session


def families(cloud: Cloud) -> list[dict[str, Any]]:
    return [item for item in cloud.items("sessions") if item["entity"] == "family"]


def test_a_logout_amid_refreshes_ends_the_session_for_good(cloud: Cloud) -> None:
    token = registered().refresh_token

    def write(writer: int) -> Any:
        return identity().logout(token) if writer == 0 else identity().refresh(token)

    outcomes = at_once(WRITERS, write)
    assert outcomes[0] is None
    assert families(cloud) == []
    for pair in outcomes[1:]:
        if not isinstance(pair, Exception):
            with pytest.raises(UnauthorizedError):
                identity().refresh(pair.refresh_token)


def test_a_stolen_old_token_amid_refreshes_ends_the_session_for_good(cloud: Cloud) -> None:
    stolen = registered().refresh_token
    second = identity().refresh(stolen).refresh_token
    third = identity().refresh(second).refresh_token
    outcomes = at_once(WRITERS, lambda writer: identity().refresh(stolen if writer == 0 else third))
    assert kinds(outcomes[:1]) == {"UnauthorizedError": 1}
    assert families(cloud) == []
