"""Wait for what another task or process does, and say what did not come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

SECONDS: Final = 30.0
"""Only a test that fails takes so long."""


async def until(
    condition: Callable[[], Any | Awaitable[Any]], what: str = "", seconds: float = SECONDS
) -> Any:
    """Return the first true answer of `condition`, which may be a coroutine function.

    Raises:
        AssertionError: none came in time; `what` is named.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        answer = condition()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        if loop.time() > end:
            raise AssertionError(f"Not within {seconds:.0f} seconds: {what or condition}")
        await asyncio.sleep(0.01)
