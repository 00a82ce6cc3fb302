"""The API reference (`docs/api/REFERENCE.md`), made from the contract, worked examples and the answers they had.

    python -m toolchain.reference                   writes the page
    python -m toolchain.reference --check           exits 1, with the difference, when the page is stale
    python -m toolchain.reference --record API_URL  runs the page's commands there and keeps the answers, then writes it

The page is a story: each example uses only what an earlier one gave. `tests/integration/test_reference.py` takes the
commands out of the page and runs them, in its order, with curl.
"""
