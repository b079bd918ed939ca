"""Norwegian or English."""

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

    def test_judges_a_book_by_its_beginning(self) -> None:
        assert language.guess("the quick brown fox " * 1_000 + "jeg og du og det er ikke " * 100_000) == "en"

    @given(st.text())
    def test_answers_for_any_text(self, text: str) -> None:
        assert language.guess(text) in {"nb", "en"}
