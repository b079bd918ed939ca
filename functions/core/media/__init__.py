"""Media: what an uploaded file really is, whether it may stay, and what is taken out of it before anyone sees it.

Plain synchronous functions over bytes and streams, for document files and profile pictures alike; callers run them in
threads. Nothing here knows a document, HTTP's server side, a database or a vendor's cloud.
"""
