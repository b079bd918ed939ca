"""Discussion: comments on documents, and conversations of people who share a group or wish to talk."""
