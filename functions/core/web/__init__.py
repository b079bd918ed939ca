"""The edge: HTTP in, use cases called, HTTP out. The same in every capability, built once here."""
