"""A service's "no": raised anywhere in a handler, worded by each service in its own shape."""


class ServiceError(Exception):
    """The request is refused and nothing was committed.

    `code` is one of Mindbody's error codes; Referral Rock has none and shows the message alone.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
