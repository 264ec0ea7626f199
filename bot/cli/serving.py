"""Serving the playground and the chats, with the posts that they take, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import webbrowser
from collections.abc import Sequence

from bot.adapters.web.app import create_app, serving
from bot.chats import Chat, Served
from bot.cli.opening import fail
from bot.connections import connection
from bot.desk import ChatError
from bot.posting import Chat as PostingChat
from bot.posts.operations import Operations
from bot.posts.room import Room
from bot.service import Service
from bot.state import StateError


def serve(
    service: Service,
    host: str | None,
    port: int | None,
    *,
    browser: bool,
    http: bool = False,
    chats: Sequence[Chat] = (),
) -> None:
    """Serve until SIGINT or SIGTERM; what cannot be served ends the program with one sentence.

    `host` and `port` go before the configuration's; `browser` opens the playground; with `http` the chats
    listen instead of connecting.
    """
    web = service.config.web
    host = web.host if host is None else host
    wanted = web.port if port is None else port
    try:
        asyncio.run(_serve(service, host, wanted, browser=browser, http=http, chats=chats))
    except (ChatError, StateError) as error:
        fail(str(error))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        fail(f"Nothing can listen on {host}, port {wanted} ({why}); choose another with --port or web.port.")
    finally:
        service.close()


async def _serve(
    service: Service, host: str, port: int, *, browser: bool, http: bool, chats: Sequence[Chat]
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    literal = f"[{host}]" if ":" in host else host
    names = frozenset({"127.0.0.1", "localhost", "[::1]", literal, *service.config.web.hosts})
    async with contextlib.AsyncExitStack() as stack:
        posting: dict[str, PostingChat] = {}
        room = None
        if chats:
            room = (await stack.enter_async_context(service.scheduling(posting))).room()
        served: list[Served] = []
        operations = stack.enter_context(contextlib.closing(_operations(service, room, served, http=http)))
        application = create_app(
            service.desk, allowed_hosts=names, asker=service.asker("web"), operations=operations
        )
        await stack.enter_async_context(service.fresh())
        address = f"http://{literal}:{await stack.enter_async_context(serving(application, host, port))}"
        _say(f"The playground is at {address} (Ctrl-C stops it).")
        for chat in chats:
            one = await stack.enter_async_context(chat)
            served.append(one)
            posting[one.posting.platform] = one.posting
            _say(str(one))
        if room:
            await stack.enter_async_context(room.working())
        if browser:
            await asyncio.to_thread(webbrowser.open, address)
        await stop.wait()


def _operations(service: Service, room: Room | None, served: Sequence[Served], *, http: bool) -> Operations:
    return Operations(
        service.library,
        url=service.config.database_url if room else "",
        room=room,
        chats=lambda: [one for each in served if (one := connection(each, http=http))],
    )


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
