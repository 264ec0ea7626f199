"""The whole page around the answers: pure, from a template without scripts or styles of its own."""

from __future__ import annotations

import hashlib
from importlib import resources
from string import Template
from typing import Final

import msgspec

from bot.adapters.web.limits import QUERY_CHARACTERS
from bot.adapters.web.render import ask_url, escape, render_html, reply_json
from bot.desk import Asker, Desk
from bot.reply import Reply

_HERE: Final = resources.files(__package__ or __name__)
_PAGE: Final = Template(_HERE.joinpath("page.html").read_text(encoding="utf-8"))
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Asset(msgspec.Struct, frozen=True):
    """A file that the page loads, with its media type."""

    body: bytes
    content_type: str


def assets() -> dict[str, Asset]:
    """Return the files of `static/` by name."""
    files = (one for one in _HERE.joinpath("static").iterdir() if one.name.rpartition(".")[2] in _TYPES)
    return {one.name: Asset(one.read_bytes(), _TYPES[one.name.rpartition(".")[2]]) for one in files}


def version(files: dict[str, Asset]) -> str:
    """Return a short name for the content of these files, so that a browser may keep them for good."""
    digest = hashlib.sha256(b"".join(files[name].body for name in sorted(files)))
    return digest.hexdigest()[:12]


def exchange(question: str = "", answer: str = "", json: str = "") -> str:
    """Return a question, its answer (HTML) and the JSON of the reply; empty, it is the page's template."""
    return (
        '<section class="exchange"><p class="question"><span class="hidden">You asked: </span>'
        f'<bdi>{escape(question)}</bdi></p><div class="reply">{answer}</div>'
        '<details class="json"><summary>JSON of this reply</summary>'
        f'<pre tabindex="0">{escape_json(json)}</pre></details></section>'
    )


def escape_json(text: str) -> str:
    """Return JSON for HTML content; it keeps its line breaks."""
    return "\n".join(map(escape, text.split("\n")))


def question_page(
    desk: Desk, asker: Asker, name: str, build: str, line: str = "", reply: Reply | None = None, page: int = 1
) -> str:
    """Return the page with the answer to `line`, or with examples to start from if nothing was asked."""
    shown, draft = _welcome(desk, name), ""
    title = name
    if reply is not None:
        json = msgspec.json.format(msgspec.json.encode(reply_json(reply)), indent=2).decode()
        shown = exchange(line, render_html(reply, page, answer="a0", line=line), json)
        draft = f"/{reply.wanted.command.lstrip('/')} " if reply.wanted else ""
        title = f"{reply.title} – {name}"
    return _page(name, build, title=title, shown=shown, draft=draft, notice=desk.notice_for(asker))


def problem_page(name: str, build: str, problem: str) -> str:
    """Return the page that says in one or two sentences why there is no answer."""
    return _page(name, build, title=name, shown=f'<p class="problem">{escape(problem)}</p>')


def _page(name: str, build: str, *, title: str, shown: str, draft: str = "", notice: str = "") -> str:
    return _PAGE.substitute(
        name=escape(name),
        title=escape(title),
        version=build,
        notice=escape(notice),
        no_notice="" if notice else " hidden",
        shown=shown,
        draft=escape(draft),
        longest=QUERY_CHARACTERS,
        longest_words=f"{QUERY_CHARACTERS:,}",
        exchange=exchange(),
    )


def _welcome(desk: Desk, name: str) -> str:
    chips = "".join(
        f'<li><a class="chip" href="{escape(ask_url(one.example))}"><code>{escape(one.example)}</code>'
        f" <span>{escape(one.summary)}</span></a></li>"
        for one in desk.registry
    )
    return (
        f'<section class="welcome"><h2>{escape(name)}</h2>'
        "<p>Ask with a command. Every sentence of an answer is attributed, dated and cited.</p>"
        f'<ul class="chips">{chips}</ul></section>'
    )
