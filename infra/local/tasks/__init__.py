"""Cloud Tasks on one machine, for the embedded stack and the tests.

It speaks the gRPC protocol of google-cloud-tasks, so the code under test uses Google's own client and knows nothing of
it. It keeps what the product relies on: names that stay taken after their task, retries with backoff, rate limits,
dispatch deadlines, `X-CloudTasks-*` headers and an OIDC token. It reaches nothing but this machine.
"""
