"""What is derived from the code: `make manifest` writes it, `make check` fails when a committed file is not what it would write."""
