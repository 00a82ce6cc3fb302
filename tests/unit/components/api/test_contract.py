import pytest

from components.api.contract import ContractError, Parameter, operations, paying, read_contract
from tests.infra.stacks import contract as public_contract
from tests.unit.components.api.contracts import contract, operation

FUNCTIONS = ("api", "auth")


def _with(path, item):
    changed = contract()
    changed["paths"][path] = item
    return changed


def test_every_route_is_found_with_its_function_and_whether_it_is_public():
    found = {(o.method, o.path): (o.function, o.public) for o in operations(contract(), FUNCTIONS)}
    assert found == {
        ("get", "/system/health"): ("api", True),
        ("post", "/auth/login"): ("auth", True),
        ("get", "/products"): ("api", False),
        ("post", "/products"): ("api", False),
        ("get", "/products/{product_id}"): ("api", False),
        ("delete", "/products/{product_id}"): ("api", False),
    }


def test_an_operation_without_own_security_takes_the_documents():
    open_contract = contract()
    del open_contract["security"]
    public = {o.operation_id: o.public for o in operations(open_contract, FUNCTIONS)}
    assert public["getProduct"]
    assert not public["deleteProduct"]


def test_parameters_are_resolved_merged_and_cookies_left_out():
    found = {o.operation_id: o.parameters for o in operations(contract(), FUNCTIONS)}
    assert found["listProducts"] == (
        Parameter("X-Client-Type", "header", required=False),
        Parameter("limit", "query", required=False),
    )
    assert found["getProduct"] == (Parameter("product_id", "path", required=True),)


def test_a_path_variable_that_the_contract_does_not_declare_is_a_parameter_all_the_same():
    found = operations(_with("/orders/{order_id}", {"get": operation("getOrder")}), FUNCTIONS)
    order = next(o for o in found if o.operation_id == "getOrder")
    assert order.parameters == (Parameter("order_id", "path", required=True),)


def test_only_plain_status_codes_become_responses():
    assert {o.responses for o in operations(contract(), FUNCTIONS)} == {(("200", "OK"),)}


@pytest.mark.parametrize(
    ("path", "item", "message"),
    [
        ("/x", {"get": operation("x", "worker")}, "GET /x: x-omnix-function is 'worker'"),
        ("/x", {"get": {"responses": {"200": {}}, "x-omnix-function": "api"}}, "has no operationId"),
        ("/x", {"get": operation("listProducts")}, "used twice: listProducts"),
        ("/x", {"options": operation("x")}, "OPTIONS belongs to the gateway"),
        ("/x", {"get": operation("x", responses={"default": {}})}, "no response with a plain status"),
        ("/x/", {"get": operation("x")}, "does not end with one"),
        ("/x//y", {"get": operation("x")}, "does not accept the segment ''"),
        ("/x-{id}", {"get": operation("x")}, "does not accept the segment 'x-{id}'"),
        ("/ping", {"get": operation("x")}, "reserved"),
        ("/products/{id}/prices", {"get": operation("x")}, "two variables, "),
        ("/{tenant}", {"get": operation("x")}, "two variables"),
        ("/x", {"get": operation("x", parameters=[{"$ref": "#/components/parameters/No"}])}, "does not resolve"),
        ("/x", {"get": operation("x", parameters=[{"name": "id", "in": "path"}])}, "has no variable {id}"),
    ],
)
def test_what_api_gateway_cannot_serve_is_refused_with_its_route(path, item, message):
    with pytest.raises(ContractError) as error:
        operations(_with(path, item), FUNCTIONS)
    assert message in str(error.value)


def test_a_contract_without_routes_is_refused():
    with pytest.raises(ContractError, match="no route"):
        operations({"paths": {}}, FUNCTIONS)


def test_a_missing_or_broken_file_says_so(tmp_path):
    with pytest.raises(ContractError, match="cannot be read"):
        read_contract(tmp_path / "openapi.json")
    (tmp_path / "openapi.json").write_text("{")
    with pytest.raises(ContractError, match="is not JSON"):
        read_contract(tmp_path / "openapi.json")


def test_the_routes_that_pay_for_models_are_those_that_may_answer_that_money_is_used_up():
    found = operations(public_contract(), ("api", "assistant", "auth"))
    assert [route.path for route in paying(found)] == ["/assistant/chat", "/assistant/insights"]
