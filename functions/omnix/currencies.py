"""Minor units of currencies, by ISO 4217 (list one, as of 2025): the digits that an amount has behind its point."""

_MOST = 2
_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {currency: number for number, currencies in _OTHERS.items() for currency in currencies.split()}


def digits(currency: str) -> int:
    """0 to 4; two of a currency that the list does not have."""
    return _DIGITS.get(currency, _MOST)


def major(amount: int, currency: str) -> str:
    """Minor units as an amount in major ones, with the currency: `12.50 EUR`, `1250 JPY`, `-1.250 KWD`."""
    behind = digits(currency)
    whole, rest = divmod(abs(amount), 10**behind)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}{f'.{rest:0{behind}d}' if behind else ''} {currency}"
