"""What is derived from the code: `make manifest` writes it, and `make check` fails when a committed file is another."""
