"""Reads Discord's Markdown as its clients do: what is shown, linked and mentioned."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
LINK = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]\(<?(https?://[^\s<>()]+)>?\)")
MENTION = re.compile(r"<(?:@[!&]?\d+|#\d+|/[^>]+:\d+|a?:\w+:\d+|id:\w+|t:-?\d+(?::[tTdDfFR])?)>")
AUTOLINK = re.compile(r"<?((?:https?|steam|discord)://[^\s<>]+)>?")
EVERYONE = re.compile(r"@(?:everyone|here)", re.IGNORECASE)
PLAIN = re.compile(r"[^\\\[<hsd@:*_~|`]+", re.IGNORECASE)
EMOJI = re.compile(r":[\w+\-]+:")
STYLES = ("***", "**", "*", "___", "__", "_", "~~", "||", "```", "``", "`")


@dataclass
class Read:
    """What a person sees of a text, and what acts."""

    text: str = ""
    links: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    styled: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def read(markdown: str) -> Read:
    """Read a text as Discord's clients do, line by line."""
    found = Read()
    shown = []
    for line in markdown.split("\n"):
        prefix = re.match(r"(?:#{1,3} |-# |[-*] |>>> |> |\d+\. )?", line)[0]  # type: ignore[index]
        rest = line[len(prefix) :]
        inner = re.match(r"(?:#{1,3} |-# |[-*+] |\d+[.)] |>+ )", rest)
        if inner and prefix:
            found.lines.append(rest)
        found.lines.append(prefix)
        number = prefix if prefix[:1].isdigit() else ""
        shown.append(number + _inline(rest, found))
    found.text = "\n".join(shown)
    return found


def _inline(text: str, found: Read) -> str:
    out = []
    at = 0
    while at < len(text):
        if (match := PLAIN.match(text, at)) or not text[at].strip():
            out.append(match[0] if match else text[at])
            at += len(out[-1])
            continue
        if match := ESCAPE.match(text, at):
            out.append(match[1])
        elif match := LINK.match(text, at):
            found.links.append(match[2])
            out.append(_inline(match[1], found))
        elif match := MENTION.match(text, at):
            (found.times if match[0].startswith("<t:") else found.mentions).append(match[0])
            out.append(match[0])
        elif (match := AUTOLINK.match(text, at)) and not (at and text[at - 1].isalnum()):
            found.links.append(match[1])
            out.append(match[1])
        elif (match := EVERYONE.match(text, at)) or (match := EMOJI.match(text, at)):
            found.mentions.append(match[0])
            out.append(match[0])
        elif mark := next((one for one in STYLES if text.startswith(one, at)), None):
            end = _closing(text, mark, at + len(mark))
            if end > 0:
                inner = text[at + len(mark) : end]
                found.styled.append(inner)
                out.append(_inline(inner, found))
                at = end + len(mark)
            else:
                out.append(mark)
                at += len(mark)
            continue
        else:
            out.append(text[at])
            at += 1
            continue
        at = match.end()
    return "".join(out)


def _closing(text: str, mark: str, start: int) -> int:
    """Return where a style ends, or -1 where it is none (nothing inside, or a space at its edge)."""
    at = start
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(mark, at) and at > start:
            return -1 if text[start].isspace() else at
        else:
            at += 1
    return -1
