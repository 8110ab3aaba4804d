"""What a service refuses, in words for the person who asked. Any other exception is a bug."""

from typing import ClassVar


class ServiceError(Exception):
    """A refusal: `message` says what happened, `remedy` what to do about it. Both are shown."""

    result: ClassVar[str] = "error"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class Refused(ServiceError):
    """The person may not do this."""

    result = "refused"


class NotFound(ServiceError):
    """The record does not exist, or no longer."""

    result = "not_found"


class Conflict(ServiceError):
    """The record changed meanwhile: somebody else was first. The message names who, if known."""

    result = "conflict"


class Invalid(ServiceError):
    """What was asked makes no sense as it stands."""

    result = "invalid"


class Unavailable(ServiceError):
    """Something that the service needs does not answer; nothing was changed."""

    result = "unavailable"
