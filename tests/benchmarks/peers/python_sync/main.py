"""What a user would write instead: a plain function with Google's own clients, in the manner of their samples."""

import os
import re
from typing import Any

import firebase_admin
import flask
import functions_framework
from firebase_admin import auth
from google.cloud import firestore

firebase_admin.initialize_app(options={"projectId": os.environ["GOOGLE_CLOUD_PROJECT"]})
db = firestore.Client(project=os.environ["GOOGLE_CLOUD_PROJECT"])

# What a client is shown; and for comparison, a mask that leaves search terms out, which samples do without.
SHOWN = ["id", "title", "body", "tags", "language", "ownerId", "revision", "createdAt", "updatedAt"]
WHOLE = [*SHOWN, "roles", "state"]


@functions_framework.http
def documents(request: flask.Request) -> Any:
    if request.path == "/health":
        return {"status": "ok"}
    uid = signed_in(request)
    if uid is None:
        return {"error": "unauthenticated"}, 401
    if request.method == "POST":
        return create(uid, request.get_json())
    return read(uid, request.path.rsplit("/", 1)[-1], WHOLE if "masked" in request.args else None)


def signed_in(request: flask.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        return None
    try:
        return auth.verify_id_token(token)["uid"]
    except (auth.InvalidIdTokenError, ValueError):
        return None


def create(uid: str, draft: dict[str, Any]) -> Any:
    profile = db.collection("users").document(uid).get()
    if not profile.exists or profile.get("state") != "active":
        return {"error": "forbidden"}, 403
    document = db.collection("documents").document()
    revision = document.collection("revisions").document()
    content = {name: draft[name] for name in ("title", "body", "tags", "language")}
    batch = db.batch()
    batch.create(
        document,
        {
            **content,
            "id": document.id,
            "ownerId": uid,
            "authorId": uid,
            "roles": {f"user:{uid}": "owner"},
            "readers": [f"user:{uid}"],
            "terms": terms(draft),
            "revision": 1,
            "slot": revision.id,
            "trashed": False,
            "createdAt": firestore.SERVER_TIMESTAMP,
            "updatedAt": firestore.SERVER_TIMESTAMP,
        },
    )
    batch.create(revision, {**content, "revision": 1, "authorId": uid, "savedAt": firestore.SERVER_TIMESTAMP})
    batch.commit()
    return {**content, "id": document.id, "ownerId": uid, "role": "owner", "revision": 1}, 201


def read(uid: str, document_id: str, mask: list[str] | None) -> Any:
    wanted = [db.collection("users").document(uid), db.collection("documents").document(document_id)]
    found = {snapshot.reference.path: snapshot for snapshot in db.get_all(wanted, field_paths=mask)}
    profile, document = (found[reference.path] for reference in wanted)
    if not profile.exists or profile.get("state") != "active":
        return {"error": "forbidden"}, 403
    content = document.to_dict() or {}
    role = content.get("roles", {}).get(f"user:{uid}")
    if role is None:
        return {"error": "not_found"}, 404
    return {**{name: content[name] for name in SHOWN}, "role": role}


def terms(draft: dict[str, Any]) -> dict[str, bool]:
    """The words without stemming: less work than ours, but as much to store."""
    text = " ".join([draft["title"], *draft["tags"], draft["body"]])
    return dict.fromkeys(re.findall(r"[^\W_]+", text.lower()), True)
