"""Eventarc of the embedded stack: what the Storage server publishes becomes CloudEvents, delivered at least once."""
