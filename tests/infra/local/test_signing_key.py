from __future__ import annotations

from pathlib import Path

from infra.local.signing_key import ensure_key


class TestTheKey:
    def test_is_made_once_and_for_its_owner_alone(self, tmp_path: Path) -> None:
        file = ensure_key(tmp_path / "data" / "signing-key.pem")
        made = file.read_text()
        assert made.startswith("-----BEGIN PRIVATE KEY-----")
        assert file.stat().st_mode & 0o077 == 0
        assert ensure_key(file).read_text() == made
