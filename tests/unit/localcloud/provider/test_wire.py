from localcloud.provider import wire


def test_all_seven_unknown_sentinels_are_recognised_at_any_depth() -> None:
    assert len(wire.UNKNOWNS) == 7
    for sentinel in wire.UNKNOWNS:
        assert wire.has_unknown({"a": [{"b": sentinel}]})
    assert not wire.has_unknown({"a": ["04da6b54"]})


def test_secrets_come_off_and_go_back_where_they_were() -> None:
    marked = {"value": wire.secret("hush"), "list": [wire.secret({"a": 1}), 2], "open": "x"}
    plain = wire.plain(marked)
    assert plain == {"value": "hush", "list": [{"a": 1}, 2], "open": "x"}
    assert wire.rewrap(plain, marked) == marked


def test_whole_numbers_survive_protobuf_as_integers() -> None:
    assert wire.from_struct(wire.to_struct({"days": 7, "rate": 0.5, "deep": [{"n": 3}]})) == {
        "days": 7,
        "rate": 0.5,
        "deep": [{"n": 3}],
    }
    assert isinstance(wire.from_struct(wire.to_struct({"days": 7}))["days"], int)


def test_a_secret_is_marked_once_only() -> None:
    once = wire.conceal({"value": "x"}, {"value"})
    assert wire.conceal(once, {"value"}) == once
