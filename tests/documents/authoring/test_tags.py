"""Tags in one spelling."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.authoring import tags


class TestNormalise:
    def test_spells_one_tag_one_way(self) -> None:
        decomposed = unicodedata.normalize("NFD", "Blåbær")

        assert tags.normalise([f"  {decomposed}\u00a0 TUR ", "blåbær tur", "BLÅBÆR  tur"]) == ["blåbær tur"]

    def test_keeps_the_order_of_first_mention_and_drops_empty_ones(self) -> None:
        assert tags.normalise(["b", " ", "a", "", "B"]) == ["b", "a"]

    def test_takes_fifty_characters_and_refuses_more_by_place(self) -> None:
        assert tags.normalise(["x" * 50]) == ["x" * 50]
        with pytest.raises(tags.InvalidTag) as refused:
            tags.normalise(["a", "b", "c", "x" * 51])
        assert (refused.value.index, refused.value.code) == (3, "too_long")

    @pytest.mark.parametrize("bad", ["a\x00b", "a\tb", "a\nb", "a\x85b", "a\x7fb", "\ud800"])
    def test_refuses_what_nobody_types(self, bad: str) -> None:
        with pytest.raises(tags.InvalidTag) as refused:
            tags.normalise(["a", bad])
        assert (refused.value.index, refused.value.code) == (1, "control_character")

    @given(st.lists(st.text(max_size=20), max_size=40))
    def test_changes_nothing_the_second_time(self, any_tags: list[str]) -> None:
        try:
            once = tags.normalise(any_tags)
        except tags.InvalidTag:
            return
        assert tags.normalise(once) == once
