"""Ids, and hashes that stand in for a person."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from core import ids

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SECRETS = st.binary(min_size=1, max_size=40)


class TestRandomIds:
    def test_are_storable_ours_and_never_the_same(self) -> None:
        made = [ids.random_id() for _ in range(2_000)]
        assert len(set(made)) == len(made)
        assert all(len(one) == 22 and ids.is_storable(one) and re.match(ids.ID_PATTERN, one) for one in made)


class TestDerivedIds:
    @given(SECRETS, st.lists(TEXT, min_size=1, max_size=3))
    def test_are_stable_and_of_the_form_of_random_ones(self, secret: bytes, parts: list[str]) -> None:
        derived = ids.derived_id(secret, *parts)
        assert derived == ids.derived_id(secret, *parts)
        assert len(derived) == 22 and re.match(ids.ID_PATTERN, derived)

    @given(SECRETS, st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=3))
    def test_of_other_parts_are_others(self, secret: bytes, parts: list[str], others: list[str]) -> None:
        same = ids.derived_id(secret, *parts) == ids.derived_id(secret, *others)
        assert same == (parts == others)

    def test_are_always_storable(self) -> None:
        # One in 2**24 hashes begins and ends with two underscores; this is such a one, found by trying.
        assert ids.keyed_hash(b"k", "id", "34510685").startswith("__7HQC8b-dQ5BmMA7lli__")
        assert ids.is_storable(ids.derived_id(b"k", "34510685"))


class TestKeyedHashes:
    def test_hang_on_the_secret_and_on_where_a_part_ends(self) -> None:
        assert ids.keyed_hash(b"k", "ab", "c") != ids.keyed_hash(b"k", "a", "bc")
        assert ids.keyed_hash(b"k", "a") != ids.keyed_hash(b"l", "a")
        assert ids.keyed_hash(b"k", "a") != ids.keyed_hash(b"k", "a", "")
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", ids.keyed_hash(b"k", "kari"))
