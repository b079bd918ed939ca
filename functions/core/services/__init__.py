"""The services that capabilities use beside the database, each behind an adapter that lets no vendor error out."""
