"""The one clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest

from core import clock


@pytest.fixture(autouse=True)
def set_right() -> Iterator[None]:
    yield
    clock.shift(timedelta())


def test_domain_time_can_be_moved_and_identitys_cannot() -> None:
    clock.shift(timedelta(days=15))
    assert clock.now().tzinfo is UTC and clock.wall().tzinfo is UTC
    assert timedelta(days=14, hours=23) < clock.now() - clock.wall() < timedelta(days=15, seconds=5)
    clock.shift(timedelta())
    assert abs(clock.now() - clock.wall()) < timedelta(seconds=5)
