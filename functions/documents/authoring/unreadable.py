"""What an import raises when the file is not what it claims to be."""


class UnreadableImport(ValueError):
    """The bytes cannot be read as what they claim to be: `code` is stable, `detail` is for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
