"""Amounts as people write them."""

import pytest

from omnix.currencies import digits, major


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1250, "EUR", "12.50 EUR"),
        (5, "EUR", "0.05 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (1250, "JPY", "1250 JPY"),
        (-1250, "JPY", "-1250 JPY"),
        (1250, "KWD", "1.250 KWD"),
        (12345, "CLF", "1.2345 CLF"),
        (1250, "ZZZ", "12.50 ZZZ"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert major(amount, currency) == text


@pytest.mark.parametrize(
    ("currencies", "many"),
    [
        ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0),
        ("EUR USD CHF HUF MGA TWD", 2),
        ("BHD IQD JOD KWD LYD OMR TND", 3),
        ("CLF UYW", 4),
    ],
)
def test_digits_are_those_of_iso_4217(currencies: str, many: int) -> None:
    assert {digits(one) for one in currencies.split()} == {many}
