"""A value goes over the wire as moto's own serializer would write it, by a shorter way."""

import json
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from moto.core.serialize import BaseJSONSerializer, JSONSerializer, XFormedAttributePicker
from moto.core.utils import get_service_model

from localcloud.endpoint import values

OPERATION = get_service_model("dynamodb").operation_model("GetItem")

texts = st.text(max_size=5)
numbers = st.integers(-10, 10).map(str)
scalars = st.one_of(
    st.fixed_dictionaries({"S": texts}), st.fixed_dictionaries({"N": numbers}),
    st.fixed_dictionaries({"BOOL": st.booleans()}), st.just({"NULL": True}),
    st.fixed_dictionaries({"B": st.binary(max_size=4)}), st.fixed_dictionaries({"BS": st.lists(st.binary(max_size=4))}),
    st.fixed_dictionaries({"SS": st.lists(texts)}), st.fixed_dictionaries({"NS": st.lists(numbers)}),
)  # fmt: skip
nested = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"M": st.dictionaries(texts.filter(bool), inner, max_size=3)}),
    ),
    max_leaves=6,
)


def written(item: dict[str, Any]) -> Any:
    serializer = JSONSerializer(operation_model=OPERATION, value_picker=XFormedAttributePicker())
    return json.loads(serializer.serialize({"Item": item})["body"])


own = BaseJSONSerializer._serialize_type_structure


@given(item=st.dictionaries(texts.filter(bool), nested, max_size=4))
def test_every_value_is_written_as_moto_writes_it(item: dict[str, Any]) -> None:
    values.install()
    values.install()  # a second time changes nothing
    found = written(item)
    with patch.object(BaseJSONSerializer, "_serialize_type_structure", own):
        assert found == written(item)
