"""Limits on a request's body: its bytes, told in its length or not, and the time in which it must have come."""

import asyncio

from starlette.types import Message, Receive

from watchkeeper.api.problems import Problem


def too_large(bytes_max: int) -> Problem:
    """The 413 problem."""
    return Problem(413, f"The body is too large: at most {bytes_max} bytes. Send it in parts.")


def too_slow(timeout_s: float) -> Problem:
    """The 408 problem; the connection ends with it, since the rest of the body may come at any time or never."""
    detail = f"The body did not come within {timeout_s:g} s. Send it again, in parts if the line is slow."
    return Problem(408, detail, headers={"Connection": "close"})


def check_length(content_length: str | None, bytes_max: int) -> None:
    """Raise the 413 problem if the announced length is over ``bytes_max``."""
    if content_length is not None and content_length.isdecimal() and int(content_length) > bytes_max:
        raise too_large(bytes_max)


def limited(receive: Receive, bytes_max: int, timeout_s: float) -> Receive:
    """``receive`` with limits on the body.

    It raises the 413 problem as soon as more than ``bytes_max`` bytes have come, and the 408 problem if the body is
    not whole ``timeout_s`` seconds after it was first asked for. What comes after the body has no limit.
    """
    received, whole = 0, False
    deadline_s: float | None = None

    async def receive_some() -> Message:
        nonlocal received, whole, deadline_s
        if whole:
            return await receive()
        deadline_s = deadline_s or asyncio.get_running_loop().time() + timeout_s
        try:
            async with asyncio.timeout_at(deadline_s):
                message = await receive()
        except TimeoutError:
            raise too_slow(timeout_s) from None
        received += len(message.get("body", b""))
        if received > bytes_max:
            raise too_large(bytes_max)
        whole = not message.get("more_body", False)
        return message

    return receive_some
