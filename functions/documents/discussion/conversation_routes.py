"""Routes of conversations and their messages."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from accounts.profiles.admission import REFUSALS
from core import clock
from core.failures import IdempotencyKeyReused, Malformed
from core.web.application import Budget
from core.web.dependencies import TheCaller, TheDatabase, TheIdempotency, ThePage
from core.web.preconditions import shown
from core.web.schemas import Id
from documents.discussion import conversing, messaging
from documents.discussion.application import app
from documents.discussion.conversing import ConversationGone, ConversationNotFound, GroupsConversation
from documents.discussion.messaging import MessageGone, MessageNotFound, MessageRefused, NotYourMessage
from documents.discussion.schemas import (
    ConversationDraft,
    ConversationPage,
    ConversationView,
    MessageDraft,
    MessagePage,
    MessagesRead,
    MessageView,
    WordsChange,
)


@app.post(
    "/v1/conversations",
    shows=ConversationView,
    status=201,
    raises=[*REFUSALS, ConversationGone, IdempotencyKeyReused],
    budget=Budget(rpcs=4, reads=2, writes=1, per="person"),
    example={"people": ["ola-nordmann"], "title": "Turen til Gaustatoppen"},
)
async def start_conversation(
    draft: ConversationDraft, caller: TheCaller, db: TheDatabase, idempotency: TheIdempotency
) -> Response:
    """Begin a conversation in a group of yours, or with people who each share a group or Customer with you.

    Two people have one conversation: beginning it again gives the one that is there.
    """
    wish = conversing.Wish(
        id=idempotency.id_for(caller.uid, "conversation"),
        fingerprint=idempotency.fingerprint(draft, "conversation"),
        secret=idempotency.secret,
        group_id=draft.group_id,
        people=draft.people,
        title=draft.title,
    )
    begun, before = await conversing.start(db, caller, wish, clock.now())
    location = f"/v1/conversations/{begun.record.id}"
    return shown(ConversationView.of(begun), status=201, location=location, replayed=before)


@app.get(
    "/v1/conversations",
    shows=ConversationPage,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=3, reads=2, per="item"),
)
async def list_conversations(
    caller: TheCaller,
    db: TheDatabase,
    page: ThePage,
    group_id: Annotated[Id | None, Query(alias="groupId", description="those of one group")] = None,
) -> Response:
    """List the conversations that you are in, those with the last words first."""
    found, token = await conversing.listed(db, caller, group_id, page)
    return shown(ConversationPage(items=[ConversationView.of(one) for one in found], next_page_token=token))


@app.get(
    "/v1/conversations/{conversation_id}",
    shows=ConversationView,
    raises=[*REFUSALS, ConversationNotFound],
    budget=Budget(rpcs=4, reads=5, per="person"),
)
async def read_conversation(conversation_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Read who is in a conversation, and how many of its messages you have not read."""
    return shown(ConversationView.of(await conversing.read(db, caller, conversation_id)))


@app.post(
    "/v1/conversations/{conversation_id}/leave",
    status=204,
    raises=[*REFUSALS, ConversationNotFound, GroupsConversation],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def leave_conversation(conversation_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Leave a conversation of people. What you wrote stays; take it back before, if it should not."""
    await conversing.leave(db, caller, conversation_id)
    return Response(status_code=204)


@app.put(
    "/v1/conversations/{conversation_id}/read",
    status=204,
    raises=[*REFUSALS, ConversationNotFound, MessageNotFound],
    budget=Budget(rpcs=2, reads=4, writes=1),
    example={"messageId": "k_Vl9ZP53pkTXlfbzl1kdS"},
)
async def mark_messages_read(conversation_id: Id, read: MessagesRead, caller: TheCaller, db: TheDatabase) -> Response:
    """Note that you have read the messages up to one of them, or all there are now. It never goes back."""
    await messaging.mark(db, caller, conversation_id, read.message_id, clock.now())
    return Response(status_code=204)


@app.post(
    "/v1/conversations/{conversation_id}/messages",
    shows=MessageView,
    status=201,
    raises=[*REFUSALS, ConversationNotFound, MessageRefused, MessageGone, IdempotencyKeyReused],
    budget=Budget(rpcs=3, reads=3, writes=2),
    example={"body": "Hvor møtes vi?"},
)
async def write_message(
    conversation_id: Id, draft: MessageDraft, caller: TheCaller, db: TheDatabase, idempotency: TheIdempotency
) -> Response:
    """Write a message to those who are in a conversation."""
    what = f"message {conversation_id}"
    wish = messaging.Wish(idempotency.id_for(caller.uid, what), idempotency.fingerprint(draft, what), draft.body)
    written, replayed = await messaging.write(db, caller, conversation_id, wish, clock.now())
    location = f"/v1/conversations/{conversation_id}/messages/{written.record.id}"
    return shown(MessageView.of(written), status=201, location=location, replayed=replayed)


@app.get(
    "/v1/conversations/{conversation_id}/messages",
    shows=MessagePage,
    raises=[*REFUSALS, ConversationNotFound, Malformed],
    budget=Budget(rpcs=3, reads=2, per="item"),
)
async def list_messages(conversation_id: Id, caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List the messages of a conversation, newest first."""
    found, token = await messaging.listed(db, caller, conversation_id, page)
    return shown(MessagePage(items=[MessageView.of(one) for one in found], next_page_token=token))


@app.get(
    "/v1/conversations/{conversation_id}/messages/{message_id}",
    shows=MessageView,
    raises=[*REFUSALS, ConversationNotFound, MessageNotFound],
    budget=Budget(rpcs=2, reads=4),
)
async def read_message(conversation_id: Id, message_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Read one message."""
    return shown(MessageView.of(await messaging.one(db, caller, conversation_id, message_id)))


@app.patch(
    "/v1/conversations/{conversation_id}/messages/{message_id}",
    shows=MessageView,
    raises=[*REFUSALS, ConversationNotFound, MessageNotFound, MessageRefused, NotYourMessage],
    budget=Budget(rpcs=3, reads=4, writes=1),
    example={"body": "Hvor møtes vi i morgen?"},
)
async def edit_message(
    conversation_id: Id, message_id: Id, changes: WordsChange, caller: TheCaller, db: TheDatabase
) -> Response:
    """Change the text of a message of yours. It is marked as edited."""
    edited = await messaging.edit(db, caller, conversation_id, message_id, changes.body, clock.now())
    return shown(MessageView.of(edited))


@app.delete(
    "/v1/conversations/{conversation_id}/messages/{message_id}",
    status=204,
    raises=[*REFUSALS, ConversationNotFound, MessageNotFound, NotYourMessage],
    budget=Budget(rpcs=2, reads=3, writes=1),
)
async def delete_message(conversation_id: Id, message_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Take back a message of yours. It stays in its place, empty."""
    await messaging.remove(db, caller, conversation_id, message_id)
    return Response(status_code=204)
