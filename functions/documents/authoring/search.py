"""Search terms: the words of a document, each as the one key under which every form of it is found.

A search is one equality filter for each word, so a word must have exactly one key, whatever language it or the rest of
the document is in. The key is a function of the word alone: fold case and accents, then take the shorter of the
Norwegian and the English Snowball stem, again and again until neither gets shorter. Of the pairs of forms in
`test_search.py`'s tables (463 Norwegian, 283 English) this many meet, in per cent of each:

    Norwegian stem alone                81  23
    English stem alone                  18  97
    Norwegian, then English             82  87      repeated    86  94
    English, then Norwegian             72  97      repeated    84  97
    the shorter of the two                          repeated    86  97

That is as much as each language's own stemmer, repeated, reaches on its own words.

What it costs are the false friends of both stemmers at once (plan and planet, form and former, person and personal).
Irregular forms do not meet (skriver, skrev), nor does a word inside a compound.
https://snowballstem.org/algorithms/norwegian/stemmer.html and …/english/stemmer.html describe the two.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Protocol, cast

MOST_TERMS = 5_000
MOST_BYTES = 48 * 1024
MOST_WORDS = 20
LONGEST_WORD = 64

_WORD = re.compile(r"[^\W_]+")
# What may hold a word before folding: accents and invisible signs of their own lie outside ASCII, and belong to it.
_RAW = re.compile(r"[0-9a-z\x80-\U0010ffff]+")
_GENITIVE = re.compile(r"['’]s\b")

# What the reader does not see, each with what must be there for the search to be worth it, and what stays of it: a
# link's destination, a reference definition, a fence with its info string, an address but for its host. Possessive
# quantifiers keep them linear on hostile text.
_UNSEEN = (
    (
        "](",
        re.compile(
            r"""\]\( \s*+ (?: <[^<>\n]*+> | [^\s()<>]*+ (?: \( [^\s()<>]*+ \) [^\s()<>]*+ )*+ )
                (?: \s++ (?: "[^"\n]*+" | '[^'\n]*+' ) )? \s*+ \)""",
            re.VERBOSE,
        ),
        " ",
    ),
    ("]:", re.compile(r"^ {0,3}\[[^\[\]\n]++\]:[ \t]*+\S++", re.MULTILINE), " "),
    ("```", re.compile(r"^ {0,3}```[^\n]*+", re.MULTILINE), " "),
    ("~~~", re.compile(r"^ {0,3}~~~[^\n]*+", re.MULTILINE), " "),
    ("://", re.compile(r"\bhttps?://(?:www\.)?([^\s/?#<>()\[\]]*+)[^\s<>()]*+"), r" \1 "),
)

# Folded, as they are compared after folding. Words that carry meaning in the other language are left in: "by" and
# "is" are a town and an ice cream.
_SMALL_WORDS = (
    "a an and are as at av but da de deg dem den der det dette du eg eller en er et for fra from ha han har hun i "
    "if in ikke into it its jeg kan med meg men mot ned nor not of og om opp or over pa s seg sin skal som sa than "
    "that the their them then there these they this those til to ut var ved vi vil was were which with you your"
)
_STOPWORDS = frozenset(_SMALL_WORDS.split())

# Letters that Unicode does not take apart, though people who lack the key type two or another.
_LETTERS = {"æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ħ": "h", "ŧ": "t", "ŋ": "n"}


class TooManyWords(ValueError):
    """A query of more than 20 different words, as many as one Firestore query can filter by beside its readers."""

    code = "too_many_words"


def terms(title: str, tags: Iterable[str], body: str) -> list[str]:
    """Return the document's keys: those of the title, then of the tags, then of the body by falling frequency.

    At most 5,000 keys and 48 KiB of UTF-8 together; what comes last is left out. A key is letters and digits alone, at
    most 64 of them (longer words are cut), so it is always a valid Firestore field name. Stopwords are keys in the
    title only, where they may be all there is ("Om oss").
    """
    words = [*_words(title), *_telling(_words(" ".join(tags))), *_telling(_by_frequency(_visible(body)))]
    return _capped(_key(word) for word in words)


def query_terms(q: str) -> list[str]:
    """Return the keys that a document must all have to match, [] when there is nothing to search for.

    Stopwords count only in a query of nothing else, which then finds titles. Raises TooManyWords above 20.
    """
    words = _words(q)
    keys = list(dict.fromkeys(_key(word) for word in list(_telling(words)) or words))
    if len(keys) > MOST_WORDS:
        raise TooManyWords(f"A search takes at most {MOST_WORDS} words.")
    return keys


def title_hits(title: str, query_terms: Iterable[str]) -> int:
    """Return how many of the query's keys the title has."""
    return len({_key(word) for word in _words(title)}.intersection(query_terms))


def _visible(body: str) -> str:
    """A light strip: reading Markdown properly would take ten times as long."""
    if "&" in body:
        body = html.unescape(body)
    for sign, unseen, kept in _UNSEEN:
        if sign in body:
            body = unseen.sub(kept, body)
    return body


def _words(text: str) -> list[str]:
    return [word for raw in _raw(text) for word in _split(raw)]


def _by_frequency(text: str) -> list[str]:
    """Return the distinct words, the most frequent first. What is spelt alike is folded once."""
    found: dict[str, int] = {}
    for raw, times in Counter(_raw(text)).items():
        for word in _split(raw):
            found[word] = found.get(word, 0) + times
    return sorted(found, key=found.__getitem__, reverse=True)


def _raw(text: str) -> list[str]:
    return _RAW.findall(_GENITIVE.sub("", text.lower()))


def _split(raw: str) -> tuple[str, ...]:
    # What is longer than any word is folded without being remembered: hostile text must not fill the memory.
    return _folded_words(raw) if len(raw) <= LONGEST_WORD else _folded_words.__wrapped__(raw)


@lru_cache(maxsize=50_000)
def _folded_words(raw: str) -> tuple[str, ...]:
    folded = raw if raw.isascii() else raw.translate(_FOLD)
    return tuple(word[:LONGEST_WORD] for word in _WORD.findall(folded))


def _telling(words: Iterable[str]) -> Iterator[str]:
    return (word for word in words if word not in _STOPWORDS)


def _capped(keys: Iterable[str]) -> list[str]:
    """Stop at the first key too many: whatever follows is worth less."""
    kept: dict[str, None] = {}
    room = MOST_BYTES
    for key in keys:
        if key in kept:
            continue
        room -= len(key.encode())
        if room < 0 or len(kept) == MOST_TERMS:
            break
        kept[key] = None
    return list(kept)


class _Folding(dict[int, str]):
    """A table for str.translate that works out each character at its first use.

    Outside the basic plane nothing is remembered, so that hostile text cannot fill the memory.
    """

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        if code < 0x10000:
            self[code] = folded
        return folded


def _folded(character: str) -> str:
    if character == "\u200b":  # zero width space: invisible, but between words
        return " "
    plain = _LETTERS.get(character.casefold(), character.casefold())
    parts = unicodedata.normalize("NFKD", plain)
    # Marks are the accents; format characters (soft hyphen, joiners) are invisible inside a word.
    kept = "".join(part for part in parts if unicodedata.category(part) not in {"Mn", "Mc", "Me", "Cf"})
    # Hangul comes apart too, without losing anything: put it together again.
    return unicodedata.normalize("NFKC", _LETTERS.get(kept, kept)).casefold()


_FOLD = _Folding()


@lru_cache(maxsize=50_000)
def _key(word: str) -> str:
    norwegian, english = _stemmers()
    # Of two as short the first in the alphabet (study, studi), so that every round comes nearer to an end.
    while (stem := min(word, norwegian(word), english(word), key=_rank)) != word and stem:
        word = stem
    return word


def _rank(stem: str) -> tuple[int, str]:
    return len(stem), stem


@lru_cache(maxsize=1)
def _stemmers() -> tuple[Callable[[str], str], Callable[[str], str]]:
    # PyStemmer has no type information. Its own cache is off, as _key has one.
    from Stemmer import Stemmer  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    norwegian, english = (cast("_Stemmer", Stemmer(name, 0)) for name in ("norwegian", "english"))
    return norwegian.stemWord, english.stemWord


class _Stemmer(Protocol):
    def stemWord(self, word: str, /) -> str: ...  # noqa: N802  its name
