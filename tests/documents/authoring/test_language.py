"""Norwegian or English."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.authoring import language


class TestGuess:
    @pytest.mark.parametrize(
        ("text", "guessed"),
        [
            ("Vi gikk en tur i skogen og plukket bær.", "nb"),
            ("Jeg har laget en plan for uka", "nb"),
            ("Praktisk arbeid på verkstedet", "nb"),
            ("We went for a walk in the woods and picked berries.", "en"),
            ("My plan for this week", "en"),
            ("The assessment of the learning goals", "en"),
            ("Vi leste boka «The Lord of the Rings» på skolen, og jeg likte den godt", "nb"),
            ("", "nb"),
            ("12345", "nb"),
            ("日本語", "nb"),
        ],
    )
    def test_tells_the_two_apart_and_is_norwegian_in_doubt(self, text: str, guessed: str) -> None:
        assert language.guess(text) == guessed

    def test_takes_no_longer_for_a_book(self) -> None:
        book = "the quick brown fox " * 46_000
        begun = time.perf_counter()

        assert language.guess(book) == "en"
        assert time.perf_counter() - begun < 0.1

    @given(st.text())
    def test_answers_for_any_text(self, text: str) -> None:
        assert language.guess(text) in {"nb", "en"}
