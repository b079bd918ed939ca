"""Authoring: documents with their revisions, trash and search.

The text side is plain functions without I/O: `tags`, `language` and `search` make what is stored beside a document,
`markdown` and `pdf` make its exports, `foreign` reads what people bring along.
"""
