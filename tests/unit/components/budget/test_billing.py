import pytest

from components.budget.billing import UnknownBillingError, billing_service, billing_services


@pytest.mark.parametrize(
    ("model", "service"),
    [
        ("amazon.nova-lite-v1:0", "Amazon Bedrock"),
        ("eu.amazon.nova-pro-v1:0", "Amazon Bedrock"),
        ("meta.llama3-70b-instruct-v1:0", "Amazon Bedrock"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku (Amazon Bedrock Edition)"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "Claude 3.5 Sonnet (Amazon Bedrock Edition)"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2 (Amazon Bedrock Edition)"),
        ("eu.anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet (Amazon Bedrock Edition)"),
        ("anthropic.claude-opus-4-20250514-v1:0", "Claude Opus 4 (Amazon Bedrock Edition)"),
        ("anthropic.claude-opus-4-1-20250805-v1:0", "Claude Opus 4.1 (Amazon Bedrock Edition)"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5 (Amazon Bedrock Edition)"),
        ("us.anthropic.claude-opus-4-7", "Claude Opus 4.7 (Amazon Bedrock Edition)"),
    ],
)
def test_a_model_is_billed_under_the_name_that_the_bill_shows(model, service):
    assert billing_service(model) == service


@pytest.mark.parametrize("model", ["cohere.command-r-v1:0", "anthropic.claude-instant", "nonsense", ""])
def test_a_model_that_a_budget_would_miss_is_an_error(model):
    with pytest.raises(UnknownBillingError, match="billing"):
        billing_service(model)


def test_a_budget_sees_bedrock_itself_and_every_model_once():
    assert billing_services(
        [
            "anthropic.claude-3-haiku-20240307-v1:0",
            "eu.anthropic.claude-3-haiku-20240307-v1:0",
        ]
    ) == ["Amazon Bedrock", "Claude 3 Haiku (Amazon Bedrock Edition)"]
    assert billing_services([]) == ["Amazon Bedrock"]
