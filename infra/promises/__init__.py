"""The policy's promises and the tests that prove them: docs/promises.toml and marks in tests/ make docs/promises.md."""
