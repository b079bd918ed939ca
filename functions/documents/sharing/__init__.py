"""Sharing: who else may read, comment on or edit a document, until when, and to whom it passes."""
