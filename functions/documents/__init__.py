"""Documents: what people write, and everything that belongs to it."""
