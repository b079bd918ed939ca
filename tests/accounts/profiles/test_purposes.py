"""Whether data may be used for an optional purpose: state, consent and objection, each of which can say no."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.profiles.purposes import ON_BY_DEFAULT, OptionalPurpose, permits
from accounts.profiles.records import AccountState, ProfileRecord
from core import clock

NEWSLETTER, STATISTICS = OptionalPurpose.NEWSLETTER, OptionalPurpose.STATISTICS


def a_profile(**fields: Any) -> ProfileRecord:
    usual = {"uid": "kari", "name": "Kari", "email": None, "email_verified": False, "principals": ["user:kari"]}
    return ProfileRecord(**{**usual, "created_at": clock.now(), **fields})


class TestWhoHasSaidNothing:
    @pytest.mark.parametrize("purpose", OptionalPurpose)
    def test_has_agreed_to_what_is_on_by_default_alone(self, purpose: OptionalPurpose) -> None:
        assert permits(a_profile(), purpose) is (purpose in ON_BY_DEFAULT)

    def test_gets_neither_newsletter_nor_analytics_nor_is_their_position_kept(self) -> None:
        assert {OptionalPurpose.ACTIVITY_MAIL, STATISTICS} == ON_BY_DEFAULT


class TestWhoHasSaidSomething:
    def test_is_taken_at_their_word(self) -> None:
        kari = a_profile(consents={NEWSLETTER: True, STATISTICS: False})
        assert permits(kari, NEWSLETTER) and not permits(kari, STATISTICS)

    def test_and_objects_is_left_alone_whatever_they_have_agreed_to(self) -> None:
        kari = a_profile(consents={NEWSLETTER: True, STATISTICS: True}, objections=[STATISTICS])
        assert permits(kari, NEWSLETTER) and not permits(kari, STATISTICS)


class TestAnAccount:
    @pytest.mark.parametrize("state", [state for state in AccountState if state is not AccountState.ACTIVE])
    def test_that_is_not_active_permits_nothing(self, state: AccountState) -> None:
        kari = a_profile(state=state, consents=dict.fromkeys(OptionalPurpose, True))
        assert not any(permits(kari, purpose) for purpose in OptionalPurpose)
