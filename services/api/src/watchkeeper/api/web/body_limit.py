"""A limit on the bytes of a request's body, told in its length or not."""

from starlette.types import Message, Receive

from watchkeeper.api.problems import Problem


def too_large(bytes_max: int) -> Problem:
    """The 413 problem."""
    return Problem(413, f"The body is too large: at most {bytes_max} bytes. Send it in parts.")


def check_length(content_length: str | None, bytes_max: int) -> None:
    """Raise the 413 problem if the announced length is over ``bytes_max``."""
    if content_length is not None and content_length.isdecimal() and int(content_length) > bytes_max:
        raise too_large(bytes_max)


def limited(receive: Receive, bytes_max: int) -> Receive:
    """``receive`` that raises the 413 problem as soon as more than ``bytes_max`` bytes of body have come."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > bytes_max:
            raise too_large(bytes_max)
        return message

    return receive_some
