"""Page tokens: they hold the place and can be neither changed nor used elsewhere."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.failures import Malformed
from core.paging import PageRequest, Place

KEY, SCOPE = b"k" * 32, b"kari /v1/documents"
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  zones are drawn
PLACES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.integers(-(2**63), 2**63 - 1) | TIMES,
    min_size=1,
    max_size=3,
).map(tuple)


def token_of(place: Place, scope: bytes = SCOPE, key: bytes = KEY) -> str:
    return PageRequest(25, None, scope, key).token(place)


def place_of(token: str, scope: bytes = SCOPE, key: bytes = KEY) -> Place | None:
    return PageRequest.reading(token, 25, scope, key).after


@given(PLACES)
def test_a_token_leads_back_to_its_place(place: Place) -> None:
    assert place_of(token_of(place)) == place


@pytest.mark.promise("P43")
@given(PLACES, st.data())
def test_any_change_of_a_single_bit_is_refused(place: Place, data: st.DataObject) -> None:
    token = token_of(place)
    raw = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Malformed):
        place_of(urlsafe_b64encode(raw).rstrip(b"=").decode())


@pytest.mark.promise("P43")
@given(PLACES, st.data())
def test_whatever_else_is_spelt_is_refused(place: Place, data: st.DataObject) -> None:
    """Cut, extended, or another spelling of the same bytes: one token leads to one place."""
    token = token_of(place)
    start = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(start, len(token)))
    changed = (
        token[:start] + data.draw(st.text(max_size=3) | st.sampled_from(["=", "==", " ", "\n", "!"])) + token[end:]
    )
    if changed != token:
        with pytest.raises(Malformed) as caught:
            place_of(changed)
        assert (caught.value.code, caught.value.faults[0].pointer) == ("malformed_request", "/query/pageToken")


@given(PLACES)
def test_a_last_letter_with_other_unused_bits_is_refused(place: Place) -> None:
    token = token_of(place)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in letters.replace(token[-1], ""):
        with pytest.raises(Malformed):
            place_of(token[:-1] + letter)


@given(PLACES, st.binary(max_size=30), st.binary(min_size=1, max_size=64))
def test_a_token_of_another_list_or_another_key_is_refused(place: Place, scope: bytes, key: bytes) -> None:
    for wrong in ((scope, KEY), (SCOPE, key)):
        if wrong != (SCOPE, KEY):
            with pytest.raises(Malformed):
                place_of(token_of(place), *wrong)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(Malformed) as caught:
        place_of(token)
    assert caught.value.faults[0].pointer == "/query/pageToken"


def test_without_a_token_it_is_the_first_page() -> None:
    assert PageRequest.reading(None, 25, SCOPE, KEY).after is None
