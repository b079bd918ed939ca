"""The first floor: people and the organisations that they belong to."""
