"""The top floor: a person's rights, carried out by reading what the floors below declare."""
