"""Fixtures of all tests; each stands in its own module of `tests/support`."""

pytest_plugins = ["tests.support.storage", "tests.support.emulators", "tests.support.api", "tests.support.queues"]
