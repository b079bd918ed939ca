"""The embedded stack: everything that Dokker needs from Google, on one machine without the internet."""
