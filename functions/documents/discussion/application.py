"""The application of the HTTP function `discussion`, into which the modules of routes bring theirs."""

from core.web.application import Application

app = Application("discussion", title="Discussion: comments on documents, conversations, and whom one hears no more of")
