"""What is measured with: a document of 10 KB with tags and words as people write them, and people with tokens."""

import json
import random
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from tests.support.tokens import id_token

BYTES: Final = 10_000
PEOPLE: Final = 32

_HEADS = [
    "b",
    "bl",
    "br",
    "d",
    "dr",
    "f",
    "fl",
    "fr",
    "g",
    "gr",
    "h",
    "hv",
    "j",
    "k",
    "kl",
    "kr",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "sk",
    "sl",
    "sm",
    "sn",
    "sp",
    "st",
    "str",
    "sv",
    "t",
    "tr",
    "v",
]
_CORES = ["a", "e", "i", "o", "u", "y", "æ", "ø", "å", "ei", "au", "øy"]
_TAILS = [
    "d",
    "g",
    "k",
    "l",
    "ll",
    "m",
    "n",
    "nd",
    "ng",
    "nn",
    "p",
    "r",
    "rd",
    "rk",
    "rt",
    "s",
    "sk",
    "st",
    "t",
    "tt",
    "v",
]
_ENDINGS = ["en", "et", "er", "ene", "ing", "ingen", "lig", "het", "e", "t"]


def _vocabulary(rng: random.Random, count: int) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < count:
        word = rng.choice(_HEADS) + rng.choice(_CORES) + rng.choice(_TAILS)
        made[word + (rng.choice(_ENDINGS) if len(made) > count // 8 else "")] = None
    return list(made)


def text(seed: int = 7, size: int = BYTES) -> str:
    """Markdown of that many bytes of UTF-8. Its words fall off in frequency as a language's do (Zipf)."""
    rng = random.Random(seed)
    words = _vocabulary(rng, 1_500)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    parts: list[str] = []
    while len("\n\n".join(parts).encode()) < size:
        sentence = " ".join(rng.choices(words, weights, k=rng.randint(6, 16))).capitalize()
        parts.append(rng.choice(("## {}", "- {}.", "{}, *og så videre*.", "{}.", "{}.")).format(sentence))
    return "\n\n".join(parts).encode()[:size].decode(errors="ignore")


def draft(number: int = 0, size: int = BYTES) -> dict[str, Any]:
    """A document as a client sends it. The number goes into the title, so that no two are alike."""
    tags = ["praksis", "uke 38", "refleksjon", "sykehjem", "veiledning", "kommunikasjon"]
    return {"title": f"Logg fra praksis, nr. {number}", "body": text(size=size), "tags": tags, "language": "nb"}


@dataclass(frozen=True)
class Person:
    """Somebody with a token, and the documents that were written for them."""

    uid: str
    token: str
    documents: tuple[str, ...] = ()

    @property
    def bearer(self) -> str:
        return f"Bearer {self.token}"


def people(project_id: str, count: int = PEOPLE) -> list[Person]:
    uids = [f"person{number:02}" for number in range(count)]
    return [Person(uid, id_token(project_id, uid, f"{uid}@example.com", name="Kari Nordmann")) for uid in uids]


def request(method: str, path: str, bearer: str = "", body: Any = None, **headers: str) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    lines += [f"Authorization: {bearer}"] * bool(bearer) + [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


_PLACE: Final = "#00000000"
_numbers = count(1)


def titled(template: bytes) -> bytes:
    """The request made from a draft of `numbered`, with a title that does not come again."""
    return template.replace(_PLACE.encode(), f"#{next(_numbers):08}".encode(), 1)


def numbered() -> dict[str, Any]:
    """A draft whose title `titled` makes its own, without the cost of making the request anew."""
    return {**draft(), "title": f"Logg fra praksis, nr. {_PLACE}"}
