from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.clock import FileClock

DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "clock.json"


def written(path: Path, text: str) -> FileClock:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return FileClock(path)


class TestNow:
    @pytest.mark.parametrize("exists", [True, False])
    def test_is_the_machines_without_a_file(self, path: Path, exists: bool) -> None:
        clock = FileClock(path if exists else None)

        assert datetime.now(UTC) <= clock.now() <= datetime.now(UTC)
        assert clock.now().utcoffset() == timedelta(0)

    def test_is_ahead_by_what_the_file_says(self, path: Path) -> None:
        clock = written(path, '{"offsetSeconds": 86400.5}')

        assert clock.offset() == timedelta(days=1, seconds=0.5)
        assert DAY < clock.now() - datetime.now(UTC) < 2 * DAY

    def test_follows_every_change(self, path: Path) -> None:
        clock = FileClock(path)
        # Also two within one tick of the file system's clock, and of one length.
        for days in range(1, 8):
            FileClock(path).advance(DAY)
            assert clock.offset() == days * DAY

    def test_is_the_machines_again_when_the_file_is_removed(self, path: Path) -> None:
        clock = FileClock(path)
        clock.advance(DAY)
        path.unlink()

        assert clock.offset() == timedelta(0)

    @pytest.mark.parametrize(
        "nonsense",
        ["", "{", "[]", "7", '"x"', "{}", '{"offsetSeconds": null}', '{"offsetSeconds": "soon"}',
         '{"offsetSeconds": NaN}', '{"offsetSeconds": Infinity}', '{"offsetSeconds": 1e12}'],
    )  # fmt: skip
    def test_goes_on_as_before_while_the_file_makes_no_sense(self, path: Path, nonsense: str) -> None:
        clock = written(path, '{"offsetSeconds": 86400}')
        assert clock.offset() == DAY

        path.write_text(nonsense)
        assert clock.offset() == DAY

        path.write_text('{"offsetSeconds": 172800}')
        assert clock.offset() == 2 * DAY


class TestAdvance:
    def test_adds_up_for_all_that_share_the_file(self, path: Path) -> None:
        one, other = FileClock(path), FileClock(path)

        one.advance(DAY)
        moved = other.advance(timedelta(hours=1))

        assert one.offset() == other.offset() == timedelta(hours=25)
        assert moved <= one.now()

    def test_leaves_no_draft_behind(self, path: Path) -> None:
        FileClock(path).advance(DAY)

        assert list(path.parent.iterdir()) == [path]

    def test_never_goes_back(self, path: Path) -> None:
        with pytest.raises(ValueError, match="forwards"):
            FileClock(path).advance(-DAY)

    def test_needs_a_file(self) -> None:
        with pytest.raises(ValueError, match="file"):
            FileClock(None).advance(DAY)

    def test_stays_within_the_calendar(self, path: Path) -> None:
        clock = FileClock(path)

        with pytest.raises(OverflowError):
            clock.advance(timedelta(days=3_650_000))

        assert not path.exists()
