"""What `omnix migrate` shows of items: their shape, and nothing of anybody."""

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.migrate.masking import Masking
from ops.migrate.repeated import Repeats
from ops.migrate.sensitive import named, pieces

BCRYPT = "$2b$12$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ID = "0123456789abcdef0123456789abcdef"
USER: dict[str, Any] = {
    "userId": {"S": "u-17"},
    "fullName": {"S": "Ada Lovelace"},
    "email": {"S": "Ada@Shop.example"},
    "phone": {"N": "4915112345678"},
    "passwordHash": {"S": BCRYPT},
    "address": {"M": {"street": {"S": "St James's Square 12"}, "lines": {"L": [{"S": "Flat Seven"}]}}},
    "addressVerified": {"BOOL": True},
    "role": {"S": "admin"},
    "loyaltyPoints": {"N": "120"},
    "tags": {"SS": ["vip", "early"]},
}
SECRETS = ("Ada", "Lovelace", "Shop.example", "4915112345678", "$2b$", "James", "Flat Seven")


def masked(item: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    return Masking().over([item, *others]).item(item)


@pytest.mark.parametrize(
    "name",
    [
        "passwordHash", "password_hash", "PASSWORD", "passwordhash", "pwd", "token", "refreshToken", "apiKey",
        "api-key", "signing_key", "clientSecret", "sessionId", "otp", "salt", "email", "e_mail", "contactEmail",
        "useremail", "phone", "phoneNumber", "tel", "name", "first_name", "lastName", "customerName", "username",
        "address",
        "shippingAddress", "street", "city", "zip", "dateOfBirth", "iban", "notes", "ipAddress",
        "names", "ips", "userIPs", "hashes", "salts", "cities", "recoveryCodes", "verificationCode", "reset_code",
        "OTPs",
    ],
)  # fmt: skip
def test_a_name_that_says_secret_or_personal_is_known(name: str) -> None:
    assert named(name)


@pytest.mark.parametrize(
    "name",
    [
        "id", "sku", "userId", "customerId", "productName", "category_name", "table_name", "tableName", "key", "pk",
        "partitionKey", "sort_key", "s3ObjectKey", "status", "createdAt", "price", "quantity", "description", "role",
        "gsi1pk", "version", "tokyo", "zipped", "primaryKey", "telemetry", "countryCode", "currency_code", "statusCode",
        "productNames", "keys", "barcode",
    ],
)  # fmt: skip
def test_a_name_that_says_neither_stays_readable(name: str) -> None:
    assert not named(name)


@pytest.mark.parametrize(
    "text",
    [
        BCRYPT, "$2y$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "pbkdf2_sha256$260000$salt$hash=", "pbkdf2:sha256:600000$salt$0123", "scrypt:32768:8:1$salt$0123",
        "$pbkdf2-sha512$25000$salt$hash", "$6$rounds=5000$salt$hash", "$y$j9T$salt$hash", "{SSHA}c2FsdGVkaGFzaA==",
        JWT, SHA, SHA[:40], "AKIAIOSFODNN7EXAMPLE", "ghp_0123456789abcdefABCDEF", "sk_live_0123456789abcdef",
        "omx_0123456789", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        "aK7xP9mQ2wE5rT8yU1iO3pA6sD4fG0hJ7kL2zX5cV8bN", "ada@shop.example", "+49 151 12345678", "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00", "sk-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
    ],
)  # fmt: skip
def test_a_shape_that_gives_it_away_is_known_whatever_its_name_is(text: str) -> None:
    assert pieces(text) == [(0, len(text))]


@pytest.mark.parametrize(
    "text",
    [
        ID, "2f1c8a34-9b1d-4f7e-8a55-0c6d3f2b1a90", "2026-11-22T01:15:00+01:00", "2026-11-22T10:00:00.000+10:00",
        "SKU-10427", "TENANT#t1#PRODUCT", "A wooden table, 120 x 80 cm (oak)", "1732233600000",
        "arn:aws:s3:::bucket/key",
        "12.99", "a" * 64, "EUR", "",
    ],
)  # fmt: skip
def test_ids_times_and_plain_words_stay_readable(text: str) -> None:
    assert pieces(text) == []


def test_values_go_and_types_lengths_and_everything_harmless_stay() -> None:
    shown = masked(USER)
    text = json.dumps(shown, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret.lower() in text.lower()]
    assert {name: next(iter(value)) for name, value in shown.items()} == {
        name: next(iter(value)) for name, value in USER.items()
    }
    assert shown["passwordHash"]["S"].startswith(f"⟨{len(BCRYPT)} characters, #")
    assert shown["phone"]["N"].startswith("⟨13 digits, #")
    for name in ("userId", "addressVerified", "role", "loyaltyPoints", "tags"):
        assert shown[name] == USER[name]


def test_equal_values_have_equal_marks_in_one_output_and_others_in_the_next() -> None:
    target = {"hash": {"S": BCRYPT}, "email": {"S": "ada@shop.example"}}
    both = Masking().over([USER, target])
    assert both.item(USER)["passwordHash"] == both.item(target)["hash"]
    assert both.item(USER)["email"] != both.item(target)["email"]  # lower-cased on its way: the reviewer sees it
    assert masked(USER)["passwordHash"] != masked(USER)["passwordHash"]


def test_what_is_hidden_by_its_name_stays_hidden_where_it_is_copied_to() -> None:
    target: dict[str, Any] = {
        "pk": {"S": "TENANT#t1#CUSTOMER"}, "gsi1sk": {"S": "NAME#ada-lovelace#u-17"},
        "gsi2sk": {"S": "TEL#4915112345678"},
        "line": {"S": "for ADA LOVELACE"}, "by": {"SS": ["Ada Lovelace"]},
    }  # fmt: skip
    shown = Masking().over([USER, target]).item(target)
    assert shown["pk"] == target["pk"]
    assert re.fullmatch(r"NAME#⟨12 characters, #[0-9a-f]{6}⟩#u-17", shown["gsi1sk"]["S"])
    assert not re.search("(?i)ada|lovelace|4915", json.dumps(shown))


def test_a_document_in_a_text_is_looked_into() -> None:
    raw = {"user": {"login": "x"}, "items": [{"sku": "S1", "password": "hunter2"}], "n": 3, "ok": True, "none": None}
    shown = masked({"raw": {"S": json.dumps(raw)}, "copy": {"S": "it was hunter2"}, "cut": {"S": '{"password": "hunt'}})
    assert "hunt" not in json.dumps(shown)
    document = json.loads(shown["raw"]["S"])
    assert (document["items"][0]["sku"], document["n"], document["ok"], document["none"]) == ("S1", 3, True, None)


def test_binary_is_never_shown() -> None:
    shown = masked({"blob": {"B": "aHVudGVyMg=="}, "blobs": {"BS": ["aHVudGVyMg=="]}, "raw": {"B": b"hunter2"}})
    assert shown["blob"]["B"] == shown["blobs"]["BS"][0]
    assert "aHVu" not in json.dumps(shown)
    assert "hunter2" not in json.dumps(shown)


def test_names_of_a_map_that_are_people_are_masked_too() -> None:
    shown = masked({"seen": {"M": {"ada@shop.example": {"N": "3"}, "count": {"N": "1"}}}})
    assert "ada" not in json.dumps(shown)
    assert shown["seen"]["M"]["count"] == {"N": "1"}


def test_a_reason_keeps_its_words_and_loses_the_value() -> None:
    notes = "She said that her dog, Brutus, bites every postman who comes before nine"
    seen = Masking().over([{**USER, "notes": {"S": notes}}])
    assert re.fullmatch(
        r"email: '⟨16 characters, #\w+⟩' is no money", seen.text("email: 'Ada@Shop.example' is no money")
    )
    assert "Brutus" not in seen.text(f"notes: {repr(notes)[:60]}… is no integer")
    assert "hunter2" not in seen.text("login: {'password': 'hunter2', 'token': 'xyz'} is no string")
    assert seen.text("state: 'sold' is not in the map") == "state: 'sold' is not in the map"


def test_a_verification_names_its_problems_without_the_people() -> None:
    key = '{"email":["S","ada@shop.example"],"token":["S","tok-1"],"n":["N","3"]}'
    problems = [
        {"what": "extra", "source": f"customers {key}", "key": "users/EMAIL#ada@shop.example/tok-1", "detail": "gone"},
        {"what": "different", "source": "", "key": "", "detail": "3 items, of 4"},
    ]
    shown = Masking().verification({"state": "differs", "problems": problems})
    text = json.dumps(shown)
    assert "ada@" not in text
    assert "tok-1" not in text
    assert shown["problems"][0]["source"].startswith("customers ")
    assert '"n": ["N", "3"]' in shown["problems"][0]["source"]
    assert shown["problems"][1] == problems[1]
    assert shown["state"] == "differs"


def test_the_largest_item_is_masked_in_a_moment() -> None:
    before = time.process_time()
    for filling in ("a", "eyJ", "://", "+1", "token", "passw", "@a", "a… "):
        masked({"text": {"S": filling * (400_000 // len(filling))}, "notes": {"S": filling * 1000}})
    assert time.process_time() - before < 10


def test_a_credential_in_a_header_is_masked() -> None:
    assert pieces("Authorization: Basic YWRhOmh1bnRlcjI= sent") == [(21, 37)]


@pytest.mark.parametrize("name", ["email", "profile"])
@pytest.mark.parametrize(
    "text", ['{"email":"a\\ud83d","nick":"b\\ude00"}', "[" * 100_000, "[" * 900 + "]" * 900, "half \ud83d", "\ufeff{"]
)
def test_text_that_utf_8_or_a_parser_cannot_bear_is_masked_and_can_be_printed(name: str, text: str) -> None:
    shown = masked({name: {"S": text}, "all": {"SS": [text]}}, {"copy": {"S": text}})
    json.dumps(shown, ensure_ascii=False).encode()


def test_half_an_emoji_stays_in_the_document_that_it_was_in() -> None:
    shown = masked({"profile": {"S": '{"nick":"b\\ude00","email":"x@y.example"}'}})
    assert json.loads(shown["profile"]["S"])["nick"] == "b\ude00"


@pytest.mark.parametrize(
    "text",
    [
        '{"login": "bob99", "recoveryCodes": ["aaaa-bbbb", "cccc-d',
        json.dumps({"body": json.dumps({"user": json.dumps({"recoveryCodes": ["aaaa-bbbb"]})})}),
        json.dumps(json.dumps({"resetCode": "aaaa-bbbb"})),
        "{'resetCode': 'aaaa-bbbb'}",
        '\ufeff{"resetCode": "aaaa-bbbb"}',
        '{"resetCode": "aaaa-bbbb", "big": ' + "1" * 5000 + "}",
    ],
)
def test_names_in_a_document_count_however_it_is_written(text: str) -> None:
    shown = masked({"raw": {"S": text}, "list": {"SS": [text]}})
    assert "aaaa" not in json.dumps(shown)


def test_what_a_hidden_document_holds_stays_hidden_where_it_is_copied_to() -> None:
    source = {"credentials": {"S": '{"login": "bob99", "number": 491511}'}}
    shown = masked({"by": {"S": "by bob99"}, "raw": {"S": '{"n": 491511, "m": 3}'}}, source)
    assert "bob99" not in shown["by"]["S"]
    assert json.loads(shown["raw"]["S"])["n"].startswith("⟨6 characters")
    assert json.loads(shown["raw"]["S"])["m"] == 3


def test_a_value_that_a_reason_cuts_short_is_hidden_as_far_as_it_is_shown() -> None:
    seen = Masking().over([{"raw": {"S": '{"resetCode": "walrus-tusk-marble"}'}}])
    for cut in ("walr…", "walrus…", "walrus-tu…", "walrus-tusk-marb…"):
        assert re.fullmatch(
            r"raw: '\{\"resetCode\": \"⟨.*⟩…' is no money", seen.text(f'raw: \'{{"resetCode": "{cut}\' is no money')
        )
    assert seen.text("walr is no walrus") == "walr is no walrus"


def test_a_note_with_quotes_is_hidden_to_its_end() -> None:
    notes = 'She said that her dog, called "Brutus", bites every "postman" before nine'
    assert not re.search("Brutus|postman|nine", Masking().over([{"notes": {"S": notes}}]).text(f"copied: {notes}"))


LEAVES = st.none() | st.booleans() | st.floats() | st.text(st.characters())
TREES = st.recursive(LEAVES, lambda one: st.lists(one) | st.dictionaries(st.text(), one))
ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=60),
    st.text("{}[]\"':,\\\\ud83a0… \n@.-$", max_size=60),
    TREES.map(json.dumps),
)  # fmt: skip
WORDS = st.lists(st.text("abcxyzß09é", min_size=1, max_size=12), min_size=1, max_size=9)
SEPARATOR = st.sampled_from([" ", "-", "#", "_", ", ", '" "', "\n", "' "])


def written(words: list[str], separator: str) -> str:
    return separator.join(words)


HIDDEN = st.builds(written, WORDS, SEPARATOR).filter(lambda one: sum(map(str.isalnum, one)) >= 3)


def holds(text: str, value: str) -> bool:
    """Whether a value is in a text as words of its own, marks aside."""
    words = [re.escape(word) for word in re.findall(r"[^\W_]+", value)]
    readable = re.sub("⟨[^⟩]*⟩", "⟨⟩", text)
    return re.search(r"(?i)(?<![^\W_])" + r"[\W_]*".join(words) + r"(?![^\W_])", readable) is not None


@given(ANY_TEXT, ANY_TEXT, st.sampled_from(["email", "sku"]))
def test_no_text_makes_masking_fail_and_all_of_it_can_be_printed(text: str, other: str, name: str) -> None:
    seen = Masking().over([{name: {"S": text}, other: {"SS": [text, other]}}])
    shown = seen.item({name: {"S": text}, "copy": {"S": other}, other: {"M": {text: {"S": other}}}})
    json.dumps([shown, seen.text(other)], ensure_ascii=False).encode()


@given(HIDDEN, HIDDEN, ANY_TEXT, ANY_TEXT, st.sampled_from([" ", "#", "'", "\n"]))
def test_a_masked_text_never_holds_a_hidden_value(value: str, other: str, before: str, after: str, sign: str) -> None:
    seen = Masking().over([{"password": {"S": value}, "raw": {"S": json.dumps({"codes": [other]})}}])
    for one in (value, other, value.upper(), other.replace(" ", "-")):
        assert not holds(seen.text(f"{before}{sign}{one}{sign}{after}"), value)
        assert not holds(seen.text(f"{before}{sign}{one}{sign}{after}"), other)


@given(st.lists(HIDDEN, min_size=1, max_size=5), st.data())
def test_repeats_are_found_in_any_text_made_of_them(values: list[str], data: st.DataObject) -> None:
    text = " ".join(data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=8)))
    spans = Repeats(values).spans(text)
    covered = {place for start, end in spans for place in range(start, end)}
    assert {place for place, sign in enumerate(text) if sign.isalnum()} <= covered


def calls(work: Callable[[], object]) -> int:
    """How many calls of functions it takes, Python's and C's: what does not depend on how busy the machine is."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "value",
    ["user{}@shop.example", "same words at the beginning and then {}", "{} a a a a a a a a", "a a a a a a a a a {}"],
)
def test_twice_the_hidden_values_take_twice_the_steps(value: str) -> None:
    def steps(number: int) -> int:
        item: dict[str, Any] = {
            "contacts": {"L": [{"S": value.format(one)} for one in range(number)]},
            "copies": {"L": [{"S": value.format(one)} for one in range(number)]},
        }
        return calls(lambda: masked(item))

    assert steps(400) < 2.2 * steps(200)


def test_twice_the_text_takes_twice_the_steps() -> None:
    seen = Repeats(["a " * 5000, "a a", "b c"])

    def steps(text: str) -> int:
        return calls(lambda: seen.spans(text))

    for filling in ("a ", "a a…", "a… ", "a a a a a a a b ", "b"):
        assert steps(filling * 4000) < 2.2 * steps(filling * 2000) + 20
