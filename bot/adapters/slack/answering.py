"""From what was said in Slack to the reply that stands there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final, Protocol, assert_never

import msgspec
import structlog
from msgspec.structs import replace
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.adapters import acting
from bot.adapters.slack import home, lookup
from bot.adapters.slack.config import SlackConfig
from bot.adapters.slack.elements import literal, section
from bot.adapters.slack.failures import SlackFailureError, failure_of
from bot.adapters.slack.intake import (
    DIRECT,
    Chosen,
    HomeOpened,
    Incoming,
    LookUp,
    Picked,
    Place,
    Pressed,
    Removed,
    Suggest,
    Typed,
)
from bot.adapters.slack.names import ENTRY, Names
from bot.adapters.slack.present import acted, present
from bot.adapters.slack.render import ASK, SHARE, Message, Rendered, noted, render
from bot.adapters.slack.teams import Teams
from bot.adapters.slack.web import Web, with_twin
from bot.adapters.slack.work import Work
from bot.adapters.texts import map_texts
from bot.desk import Asker, Call, Desk
from bot.posting import Outcome
from bot.reply import Kind, Line, Note, Reply, Text, Visibility
from bot.state import State

EXPIRED: Final = frozenset({"expired_url", "used_url", "expired_trigger_id", "exchanged_trigger_id"})
TOO_OLD: Final = "This button is too old: what it asked is no longer known. Type the command again."
ANOTHER_SNAPSHOT: Final = "The base has changed since the page before; this is the new answer."
DossiersOf = Callable[[str, str], tuple[str, ...] | None]
"""Gives the dossiers that a channel of a workspace may see, or None for all of them."""

_log = structlog.get_logger(__name__)


class Workspaces(Protocol):
    """Knows the clients of the workspaces that the app is installed in."""

    async def client(self, place: Place) -> AsyncWebClient:
        """Return a client with a token that is valid now.

        Raises:
            SlackFailureError: the app is not installed there, or its token cannot be refreshed.
        """

    async def forget(self, place: Place) -> None:
        """Forget the installation."""


class Counts(msgspec.Struct):
    """What happened since the start."""

    received: int = 0
    duplicates: int = 0
    answered: int = 0
    failed: int = 0
    lost: int = 0


class Answering:
    """Answers deliveries. `dossiers_of` gives what a channel of a workspace may see."""

    def __init__(
        self,
        *,
        desk: Desk,
        config: SlackConfig,
        names: Names,
        state: State,
        web: Web,
        workspaces: Workspaces,
        work: Work,
        teams: Teams,
        dossiers_of: DossiersOf | None = None,
    ) -> None:
        self.desk = desk
        self.names = names
        self.counts = Counts()
        self._state = state
        self._web = web
        self._workspaces = workspaces
        self._work = work
        self._teams = teams
        self.heard: float | None = None
        self._dossiers_of = dossiers_of
        public = {one.lstrip("/") for one in config.public}
        self._public = public | {command.name for command in names.registry if names.of(command) in public}

    async def handle(self, incoming: Incoming) -> None:
        """Do what a delivery asks for, once. Never raises: what fails is logged and, if possible, said."""
        self.counts.received += 1
        if incoming.key and not await self._state.first(incoming.key):
            self.counts.duplicates += 1
            return
        try:
            await self._teams.note(incoming.place)
            await self._do(incoming)
            self.counts.answered += 1
        except SlackFailureError as failure:
            self.counts.failed += 1
            _log.error("reply not delivered", code=failure.code, advice=failure.advice)
        except Exception as error:
            self.counts.failed += 1
            _log.exception("reply failed", kind=type(incoming.said).__name__, error=type(error).__name__)
            with contextlib.suppress(Exception):
                await self._say(
                    incoming, "Something went wrong here. Ask again; tell your operator if it stays."
                )

    def suggest(self, said: Suggest, place: Place) -> list[dict[str, Any]]:
        """Return the options that complete a picker, as Slack wants them in the acknowledgement."""
        found = self.desk.suggest(said.command, said.option, said.prefix, self.asker(place), limit=100)
        return lookup.options(found)

    def asker(self, place: Place) -> Asker:
        """Return who asks."""
        dossiers = self._dossiers_of(place.channel, place.team) if self._dossiers_of else None
        return Asker(
            platform="slack",
            user=place.user,
            workspace=place.team,
            channel=place.channel,
            thread=place.thread,
            direct=place.is_direct,
            dossiers=dossiers,
        )

    async def _do(self, incoming: Incoming) -> None:
        said, place = incoming.said, incoming.place
        match said:
            case Typed(line=line):
                await self._answer(incoming, line)
            case Chosen(line=line):
                await self._answer(incoming, line)
            case Picked():
                await self._picked(incoming, said)
            case Pressed():
                await self._pressed(incoming, said)
            case LookUp(text=text):
                reply = await self._work.compute(lambda: lookup.reply(self.desk, text, self.asker(place)))
                await self._deliver(incoming, present(reply, "", self.names, share=False), 1)
            case HomeOpened():
                await self._home(place)
            case Removed():
                await self._workspaces.forget(place)
                _log.warning("app removed from a workspace", team=place.team or place.enterprise)
            case Suggest():
                return
            case _:
                assert_never(said)

    async def _picked(self, incoming: Incoming, said: Picked) -> None:
        rest = await self._kept(said.rest[1:]) if said.rest.startswith("#") else said.rest
        if rest is None:
            await self._say(incoming, TOO_OLD)
            return
        line = self.desk.canonical(Call(said.command, {said.option: said.value}))
        await self._answer(incoming, f"{line} {rest}".rstrip(), replace_it=True)

    async def _pressed(self, incoming: Incoming, said: Pressed) -> None:
        press = said.press
        line = press.line or await self._kept(press.key)
        if not line:
            await self._say(incoming, TOO_OLD)
        elif said.action != ASK and self.desk.acts(line):
            await self._say(incoming, acting.NOT_SHARED if said.action == SHARE else acting.NOT_TURNED)
        elif said.action == SHARE:
            await self._share(incoming, line, press.page, press.snapshot)
        else:
            await self._answer(incoming, line, page=press.page, replace_it=True, snapshot=press.snapshot)

    async def _kept(self, key: str) -> str | None:
        try:
            return await self._state.kept(key)
        except (SQLAlchemyError, OSError):
            return None

    async def _answer(
        self, incoming: Incoming, line: str, *, page: int = 1, replace_it: bool = False, snapshot: str = ""
    ) -> None:
        """Ask the line and deliver a page of the reply, or do what it says."""
        if self.desk.acts(line):
            await self._act(incoming, line)
            return
        reply = await self._ask(line, incoming.place)
        public = self._is_public(reply, line, incoming.place)
        can_share = not public and incoming.surface == "message" and not incoming.place.is_direct
        rendered = await self._work.compute(lambda: present(reply, line, self.names, share=can_share))
        await self._keep(rendered)
        if page > 1 and snapshot and reply.footer and reply.footer.snapshot != snapshot:
            rendered = noted(rendered, ANOTHER_SNAPSHOT)
        await self._deliver(incoming, rendered, page, public=public, replace_it=replace_it, title=reply.title)

    async def _act(self, incoming: Incoming, line: str) -> None:
        """Do what a line says, outside the turns of answers, and tell the asker alone.

        All pages are told: a button for the next one would have it done again.
        """
        reply = await acting.act(self.desk, line, self.asker(incoming.place))
        rendered = await self._work.compute(lambda: acted(reply, self.names))
        await self._keep(rendered)
        await self._deliver(incoming, rendered, 1, title=reply.title)
        for page in range(2, len(rendered.pages) + 1):
            await self._deliver(replace(incoming, surface="message"), rendered, page)

    async def _ask(self, line: str, place: Place) -> Reply:
        return await self._work.compute(lambda: self.desk.ask(line, self.asker(place)))

    async def _keep(self, rendered: Rendered) -> None:
        try:
            await self._state.keep(rendered.long)
        except (SQLAlchemyError, OSError) as error:
            # SQLAlchemy's own message quotes the line.
            why = str(error.__cause__ or type(error).__name__)
            _log.error("long command not kept; its buttons will not work", why=why)

    def _is_public(self, reply: Reply, line: str, place: Place) -> bool:
        if reply.kind is not Kind.ANSWER or place.is_direct:
            return False
        command = self.names.command_of(line)
        return reply.visibility is Visibility.PUBLIC or bool(self._public & {command, place.channel})

    async def _deliver(
        self,
        incoming: Incoming,
        rendered: Rendered,
        page: int,
        *,
        public: bool = False,
        replace_it: bool = False,
        title: str = "",
    ) -> None:
        """Put a page where it belongs: in place of the message acted on, beside it, or in a view."""
        message = rendered.pages[min(page, len(rendered.pages)) - 1]
        place = incoming.place
        if place.is_direct:
            message = _marked(message)
        if incoming.surface in {"home", "modal"} and incoming.trigger:
            await self._in_modal(incoming, rendered, page, title)
            return
        if incoming.response_url:
            try:
                if replace_it and (incoming.ephemeral or place.is_direct):
                    await self._web.respond(incoming.response_url, message, replace_original=True)
                else:
                    everyone = public or place.is_direct
                    more = {"thread_ts": place.thread} if place.thread else {}
                    await self._web.respond(
                        incoming.response_url,
                        message,
                        response_type="in_channel" if everyone else "ephemeral",
                        replace_original=False,
                        **more,
                    )
                return
            except SlackFailureError as failure:
                if failure.outcome is Outcome.UNKNOWN:
                    raise
                _log.warning("response_url not taken; the Web API is used", code=failure.code)
        await self._by_web_api(place, message, public=public)

    async def _by_web_api(self, place: Place, message: Message, *, public: bool) -> None:
        client = await self._workspaces.client(place)
        thread = place.thread or None

        async def send(blocks: list[dict[str, Any]]) -> Any:
            if public or place.is_direct or not place.channel:
                return await client.chat_postMessage(
                    channel=place.channel or place.user,
                    text=message.text,
                    blocks=blocks,
                    thread_ts=thread,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            return await client.chat_postEphemeral(
                channel=place.channel, user=place.user, text=message.text, blocks=blocks, thread_ts=thread
            )

        await with_twin(message, send)

    async def _in_modal(self, incoming: Incoming, rendered: Rendered, page: int, title: str) -> None:
        view = home.modal_view(rendered, page, title)
        client = await self._workspaces.client(incoming.place)
        try:
            if incoming.surface == "modal":
                await client.views_update(view_id=incoming.view, view=view)
            else:
                await client.views_open(trigger_id=incoming.trigger, view=view)
        except Exception as error:
            failure = failure_of(error)
            if failure.code not in EXPIRED:
                raise failure from error
            await self._by_web_api(incoming.place, rendered.pages[page - 1], public=False)

    async def _share(self, incoming: Incoming, line: str, page: int, snapshot: str) -> None:
        """Show a page to everyone in the channel, once, with who shared it, and take the button away."""
        once = f"share:{incoming.place.channel}:{incoming.message}:{page}"
        if incoming.message and not await self._state.first(once):
            self.counts.duplicates += 1
            return
        reply = await self._ask(line, incoming.place)
        rendered = await self._work.compute(lambda: present(reply, line, self.names, share=False))
        await self._keep(rendered)
        if snapshot and reply.footer and reply.footer.snapshot != snapshot:
            rendered = noted(rendered, ANOTHER_SNAPSHOT)
        message = rendered.pages[min(page, len(rendered.pages)) - 1]
        by = {"type": "user", "user_id": incoming.place.user}
        row = {"type": "rich_text", "elements": [section([literal("Shared by "), by])]}
        shared = Message(
            message.text,
            [*message.blocks, row],
            [*message.twin, row] if message.twin is not None else None,
        )
        public = replace(incoming, ephemeral=False)
        pages = Rendered((shared,))
        try:
            await self._deliver(public, pages, 1, public=True)
        except SlackFailureError as failure:
            await self._state.forget(once)
            said = f"This could not be shared. {failure.advice}"
            if failure.outcome is Outcome.UNKNOWN:
                said = "Slack's answer was lost. Look in the channel before you share this again."
            await self._say(incoming, said)
            raise
        if incoming.ephemeral and incoming.response_url:
            await self._web.respond(incoming.response_url, message, replace_original=True)

    async def _say(self, incoming: Incoming, text: str) -> None:
        reply = Reply(kind=Kind.FAILURE, title="", summary=text, blocks=(Note(Line((Text(text),))),))
        await self._deliver(incoming, render(reply), 1)

    async def _home(self, place: Place) -> None:
        asker = self.asker(replace(place, channel=""))

        def view() -> dict[str, Any]:
            briefing = self.desk.answer(Call(ENTRY, {}), asker)
            due = self.desk.answer(Call("due", {}), asker)
            topics = self.desk.suggest(ENTRY, "topic", "", asker, limit=home.TOPICS)
            lines = [(one.label, self.desk.canonical(Call(ENTRY, {"topic": one.value}))) for one in topics]
            shown = [map_texts(one, self.names.shown) for one in (briefing, due)]
            return home.home_view(shown[0], shown[1], lines, self.names)

        made = await self._work.compute(view)
        client = await self._workspaces.client(place)
        try:
            await client.views_publish(user_id=place.user, view=made)
        except Exception as error:
            raise failure_of(error) from error


def _marked(message: Message) -> Message:
    """Return the message with the mark by which a press on it is known to come from a direct message."""

    def mark(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [blocks[0] | {"block_id": DIRECT}, *blocks[1:]]

    return replace(message, blocks=mark(message.blocks), twin=message.twin and mark(message.twin))
