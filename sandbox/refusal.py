"""A channel's own "no": what it answers when a business rule is broken."""


class Refused(Exception):
    """The channel will not do it; each channel says so in its own shape.

    Attributes:
        status: the HTTP status.
        code: a stable word, for instance `exceeds_paid`.
        text: a sentence for a person.
        retry_after_seconds: when to come back, where it says so.
    """

    def __init__(self, status: int, code: str, text: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.status = status
        self.code = code
        self.text = text
        self.retry_after_seconds = retry_after_seconds
