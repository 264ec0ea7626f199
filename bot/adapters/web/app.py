"""The web playground: a page and two JSON addresses, for readers at the addresses it was told to serve."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from bot.adapters.acting import ONLY_READ, refused
from bot.adapters.web import limits
from bot.adapters.web.page import assets, problem_page, question_page, version
from bot.adapters.web.render import render, reply_json, spoken
from bot.desk import Asker, Desk
from bot.reply import Reply

logger = structlog.get_logger(__name__)

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    hdrs.SERVER: "briefing-bot",
    hdrs.VARY: hdrs.ACCEPT_ENCODING,
}
"""On every response. The policy lets the page use its own files and nothing else."""

MONITORED: Final = ("/healthz", "/readyz", "/metrics")
"""Addresses for programs: what goes wrong there is said in plain text."""

_METHODS: Final = (hdrs.METH_GET, hdrs.METH_HEAD)


class Operations(Protocol):
    """What monitoring is told of this process."""

    async def ready(self) -> tuple[bool, dict[str, object]]:
        """Say whether it can do its work, and why not, as data for JSON."""

    async def metrics(self) -> tuple[bytes, str]:
        """Return metrics and their media type."""


def create_app(
    desk: Desk,
    *,
    allowed_hosts: frozenset[str],
    title: str = "Briefing bot",
    asker: Asker | None = None,
    operations: Operations | None = None,
) -> web.Application:
    """Build the application that answers for `desk`.

    `allowed_hosts` are the names and addresses, without port, under which a browser may reach it (IPv6 in
    brackets); everything else is refused, so that a foreign page cannot rebind its own name to this machine.
    With `operations` there are also `/readyz` and `/metrics`.
    """
    site = _Site(desk, title, asker or Asker(platform="web"), frozenset(map(str.lower, allowed_hosts)))
    app = web.Application(middlewares=[site.speak, site.guard])
    app.on_response_prepare.append(_harden)
    app.router.add_get("/", site.page)
    app.router.add_get("/api/answer", site.answer)
    app.router.add_get("/api/complete", site.complete)
    app.router.add_get("/static/{name}", site.static)
    app.router.add_get("/healthz", site.health)
    if operations is not None:
        monitored = _Monitored(operations)
        app.router.add_get("/readyz", monitored.ready)
        app.router.add_get("/metrics", monitored.metrics)
    return app


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` inside the `async with`, and yield the port that was bound (`port` 0 takes a free one).

    Raises:
        OSError: the address cannot be bound.
    """
    runner = web.AppRunner(app, access_log=None, max_line_size=limits.LINE_BYTES, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _ProblemError(Exception):
    """Why there is no answer: an HTTP status and what the reader is told."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class _Site:
    """The handlers, with what they answer from."""

    def __init__(self, desk: Desk, title: str, asker: Asker, hosts: frozenset[str]) -> None:
        self.desk = desk
        self.title = title
        self.asker = asker
        self.hosts = hosts
        self.files = assets()
        self.version = version(self.files)

    # --- addresses -------------------------------------------------------------------------------------

    async def page(self, request: web.Request) -> web.Response:
        line = _line(request)
        reply = self.ask(line) if line.strip() else None
        number = _number(request, "page", 1)
        text = question_page(self.desk, self.asker, self.title, self.version, line, reply, number)
        return _response(request, text.encode(), "text/html")

    async def answer(self, request: web.Request) -> web.Response:
        line = _line(request)
        reply = self.ask(line)
        rendered = render(reply, answer=f"a{_number(request, 'n', 0)}", line=line)
        return _json(
            request,
            {
                "reply": reply_json(reply),
                "spoken": spoken(reply),
                "pages": rendered.pages,
                "notes": rendered.notes,
                "notice": self.desk.notice_for(self.asker),
            },
        )

    def ask(self, line: str) -> Reply:
        """Answer a line; an address can be opened by a link on any page, so it changes nothing."""
        return refused(ONLY_READ) if self.desk.acts(line) else self.desk.ask(line, self.asker)

    async def complete(self, request: web.Request) -> web.Response:
        found = self.desk.complete(_line(request), self.asker, limits.COMPLETIONS)
        return _json(request, {"completions": found})

    async def static(self, request: web.Request) -> web.Response:
        file = self.files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        response = _response(request, file.body, file.content_type)
        if request.query.get("v") == self.version:
            response.headers[hdrs.CACHE_CONTROL] = "public, max-age=31536000, immutable"
        return response

    async def health(self, request: web.Request) -> web.Response:
        return _response(request, b"ok\n", "text/plain")

    # --- around every address --------------------------------------------------------------------------

    @property
    def speak(self) -> Middleware:
        @web.middleware
        async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Say in one sentence what went wrong, whatever it was."""
            try:
                return await handler(request)
            except _ProblemError as problem:
                return self.problem(request, problem.status, problem.sentence)
            except web.HTTPNotFound:
                return self.problem(
                    request, 404, "There is nothing at this address. Ask your question below."
                )
            except web.HTTPException:
                raise
            except Exception:
                logger.exception("web_request_failed", path=request.path)
                sentence = "Something broke while answering, and the log has the details. Ask again."
                return self.problem(request, 500, sentence)

        return speak

    @property
    def guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Refuse what a reader's own browser would not send."""
            self.check_host(request)
            if request.method not in _METHODS:
                raise _ProblemError(405, "This address can only be read: use GET or HEAD.")
            _check_origin(request)
            return await handler(request)

        return guard

    def check_host(self, request: web.Request) -> None:
        host = request.headers.get(hdrs.HOST, "")
        if _hostname(host) not in self.hosts:
            names = " or ".join(sorted(self.hosts))
            raise _ProblemError(
                421, f"This page is served as {names} only, not as “{host}”. Open it under that name."
            )

    def problem(self, request: web.Request, status: int, sentence: str) -> web.Response:
        if request.path.startswith("/api/"):
            response = _json(request, {"error": sentence})
        elif request.path in MONITORED:
            response = _response(request, f"{sentence}\n".encode(), "text/plain")
        else:
            text = problem_page(self.title, self.version, sentence)
            response = _response(request, text.encode(), "text/html")
        response.set_status(status)
        if status == 405:
            response.headers[hdrs.ALLOW] = ", ".join(_METHODS)
        return response


class _Monitored:
    """The handlers for monitoring."""

    def __init__(self, operations: Operations) -> None:
        self.operations = operations

    async def ready(self, request: web.Request) -> web.Response:
        is_ready, why = await self.operations.ready()
        response = _json(request, why)
        response.set_status(200 if is_ready else 503)
        return response

    async def metrics(self, request: web.Request) -> web.Response:
        body, media_type = await self.operations.metrics()
        response = _response(request, body, "text/plain")
        response.headers[hdrs.CONTENT_TYPE] = media_type
        return response


def _hostname(host: str) -> str:
    """Return the name in a Host header, lower case and without port; empty if it is not one."""
    try:
        parts = urlsplit(f"//{host}")
        name = (parts.hostname or "") if parts.netloc == host and parts.username is None else ""
        _ = parts.port
    except ValueError:
        return ""
    return f"[{name}]" if ":" in name else name


def _check_origin(request: web.Request) -> None:
    """Refuse a request that another site's page sent.

    A link to an answer may stand on any page, so following one is allowed for the page itself. `Sec-Fetch-*`
    is sent by every current browser to a trustworthy address such as 127.0.0.1; other programs send neither.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    fetch_site = request.headers.get("Sec-Fetch-Site", "none")
    followed = request.path == "/" and request.headers.get("Sec-Fetch-Dest") == "document"
    foreign = fetch_site not in ("same-origin", "none") and not followed
    if origin is not None:
        host = request.headers[hdrs.HOST].lower()
        foreign = foreign or origin.lower() not in (f"http://{host}", f"https://{host}")
    if foreign:
        raise _ProblemError(
            403, "Another site's page asked for this, so it was not answered. Open the address itself."
        )


def _line(request: web.Request) -> str:
    line = request.query.get("q", "")
    if len(line) > limits.QUERY_CHARACTERS:
        raise _ProblemError(
            414,
            f"A command may be at most {limits.QUERY_CHARACTERS:,} characters long, and this one has "
            f"{len(line):,}. Shorten it and ask again.",
        )
    return line


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default


def _response(request: web.Request, body: bytes, content_type: str) -> web.Response:
    response = web.Response(body=body, content_type=content_type, charset="utf-8")
    response.headers[hdrs.CACHE_CONTROL] = "no-cache"
    if len(body) > limits.COMPRESS_BYTES and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _json(request: web.Request, content: object) -> web.Response:
    return _response(request, msgspec.json.encode(content), "application/json")


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
