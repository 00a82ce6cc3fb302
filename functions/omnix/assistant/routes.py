"""`/assistant/…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from omnix.assistant.chat import chat
from omnix.assistant.insights import insights
from omnix.assistant.insights_model import InsightsAnswer, InsightsInput
from omnix.assistant.model import ChatAnswer, ChatInput, Conversation
from omnix.authorisation import EDITORS, PEOPLE, principal
from omnix.costs.usage import usage
from omnix.costs.usage_model import UsageReport
from omnix.operation import operation

router = Router()  # type: ignore[no-untyped-call]

ConversationId = Annotated[str, Path(description="The conversation's id.", pattern=r"^[0-9a-f]{32}$")]


@router.post(
    "/assistant/chat",
    summary="Send a message to the assistant",
    operation_id="sendMessage",
    tags=["assistant"],
    openapi_extensions=operation(402, 404, 409, body=True, roles=PEOPLE),
)
def send_message(asked: Annotated[ChatInput, Body()]) -> ChatAnswer:
    """Answers with what the shop's records say, which the model looks up with the caller's own rights.

    A change that it proposes waits in `pending`, is done when `confirm` names it, once and within 15 minutes, and by
    nobody else; the same word sent again gets the same answer. Every model call is paid for within the limits: 402
    where a month's is used up, 429 where a day's is, with what it is and when it resets in `details`. A turn that has
    begun when a limit is met, or no model answers any more, gives what there is. A conversation is remembered for a
    week.
    """
    return chat().answer(principal(router.current_event), asked, _request_id())


@router.get(
    "/assistant/conversations/<conversation_id>",
    summary="Read a conversation",
    operation_id="readConversation",
    tags=["assistant"],
    openapi_extensions=operation(404, 422, roles=PEOPLE),
)
def read_conversation(conversation_id: ConversationId) -> Conversation:
    """The last turns of a conversation of the caller's own."""
    return chat().conversation(principal(router.current_event), conversation_id)


@router.delete(
    "/assistant/conversations/<conversation_id>",
    summary="Forget a conversation",
    operation_id="deleteConversation",
    tags=["assistant"],
    status_code=204,
    openapi_extensions=operation(404, 422, roles=PEOPLE),
)
def delete_conversation(conversation_id: ConversationId) -> Response[None]:
    """Forgets a conversation of the caller's own, and the changes that wait in it."""
    chat().forget(principal(router.current_event), conversation_id)
    return Response(204)


@router.post(
    "/assistant/insights",
    summary="Explain the shop's figures",
    operation_id="explainFigures",
    tags=["assistant"],
    openapi_extensions=operation(402, body=True, roles=PEOPLE),
)
def explain_figures(asked: Annotated[InsightsInput, Body()]) -> InsightsAnswer:
    """Figures of a topic and what a model makes of them; every insight names those that it rests on.

    The figures are the analytics services' own; a key needs the scopes of what they are made of. What the model says
    without one of them is left out and counted.
    """
    return insights(principal(router.current_event), asked, _request_id())


@router.get(
    "/assistant/usage",
    summary="Read the usage of AI features",
    operation_id="readUsage",
    tags=["assistant"],
    openapi_extensions=operation(422, roles=EDITORS),
)
def read_usage(
    since: Annotated[
        str | None, Query(alias="from", min_length=10, max_length=10, description="First UTC day.")
    ] = None,
    until: Annotated[str | None, Query(alias="to", min_length=10, max_length=10, description="Last UTC day.")] = None,
) -> UsageReport:
    """Tokens and cost by day, feature and model, the tenant's limits as they stand, and where tokens are wasted."""
    return usage().report(principal(router.current_event), since, until)


def _request_id() -> str:
    """API Gateway's, as the access log has it."""
    return str((router.current_event.get("requestContext") or {}).get("requestId") or "")
