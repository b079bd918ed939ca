// What a user would write instead, in Node: Google's functions-framework with firebase-admin, as its guides show it.

const functions = require("@google-cloud/functions-framework");
const { initializeApp } = require("firebase-admin/app");
const { getAuth } = require("firebase-admin/auth");
const { FieldValue, getFirestore } = require("firebase-admin/firestore");

initializeApp({ projectId: process.env.GOOGLE_CLOUD_PROJECT });
const auth = getAuth();
const db = getFirestore();

// With the Auth emulator named, Node's SDK also asks it for the user at each request, as it would not in production.
// Python's does not. Left out here, so that all three do the same.
auth.verifyDecodedJWTNotRevokedOrDisabled = async (claims) => claims;

// For comparison: a mask that leaves search terms out, which samples do without.
const WHOLE = "id title body tags language ownerId revision createdAt updatedAt roles state".split(" ");

functions.http("documents", async (request, response) => {
  if (request.path === "/health") return response.json({ status: "ok" });
  const uid = await signedIn(request);
  if (!uid) return response.status(401).json({ error: "unauthenticated" });
  if (request.method === "POST") return create(uid, request.body, response);
  return read(uid, request.path.split("/").pop(), "masked" in request.query, response);
});

async function signedIn(request) {
  const [scheme, token] = (request.get("authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || !token) return null;
  try {
    return (await auth.verifyIdToken(token)).uid;
  } catch {
    return null;
  }
}

async function create(uid, draft, response) {
  const profile = await db.collection("users").doc(uid).get();
  if (profile.get("state") !== "active") return response.status(403).json({ error: "forbidden" });
  const document = db.collection("documents").doc();
  const revision = document.collection("revisions").doc();
  const { title, body, tags, language } = draft;
  const now = FieldValue.serverTimestamp();
  const batch = db.batch();
  batch.create(document, {
    id: document.id,
    ownerId: uid,
    authorId: uid,
    title,
    body,
    tags,
    language,
    roles: { [`user:${uid}`]: "owner" },
    readers: [`user:${uid}`],
    terms: terms(title, tags, body),
    revision: 1,
    slot: revision.id,
    trashed: false,
    createdAt: now,
    updatedAt: now,
  });
  batch.create(revision, { revision: 1, authorId: uid, title, body, tags, language, savedAt: now });
  await batch.commit();
  response.status(201).json({ id: document.id, title, body, tags, language, ownerId: uid, role: "owner", revision: 1 });
}

async function read(uid, id, masked, response) {
  const wanted = [db.collection("users").doc(uid), db.collection("documents").doc(id)];
  const [profile, document] = await db.getAll(...wanted, ...(masked ? [{ fieldMask: WHOLE }] : []));
  if (profile.get("state") !== "active") return response.status(403).json({ error: "forbidden" });
  const role = document.get("roles")?.[`user:${uid}`];
  if (!role) return response.status(404).json({ error: "not_found" });
  const { title, body, tags, language, ownerId, revision, createdAt, updatedAt } = document.data();
  response.json({
    id,
    title,
    body,
    tags,
    language,
    ownerId,
    role,
    revision,
    createdAt: createdAt.toDate(),
    updatedAt: updatedAt.toDate(),
  });
}

// The words without stemming: less work than ours, but as much to store.
function terms(title, tags, body) {
  const words = [title, ...tags, body].join(" ").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return Object.fromEntries(words.map((word) => [word, true]));
}
