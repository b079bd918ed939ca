"""What Dokker runs on: the generated infrastructure and, in `local`, the embedded stack."""
