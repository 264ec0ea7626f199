"""Reads HTML back as a reader and a screen reader would see it, and finds what must not be in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})
TAGS: Final = frozenset(
    [
        "a",
        "article",
        "blockquote",
        "button",
        "cite",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h2",
        "h3",
        "header",
        "hr",
        "input",
        "li",
        "ol",
        "p",
        "section",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "time",
        "tr",
        "ul",
    ]
)
"""All that an answer consists of: nothing here runs, loads or styles."""
ATTRIBUTES: Final = frozenset(
    [
        "aria-current",
        "aria-label",
        "aria-labelledby",
        "class",
        "data-edtf",
        "data-fact",
        "data-kind",
        "datetime",
        "href",
        "id",
        "name",
        "rel",
        "role",
        "scope",
        "start",
        "tabindex",
        "title",
        "type",
        "value",
        "action",
    ]
)


@dataclass
class Element:
    """An element: its attributes and, in `text`, all visible text inside."""

    tag: str
    attributes: dict[str, str]
    text: str = ""

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


@dataclass
class Document(HTMLParser):
    """Parses at once; `broken` holds a sentence for each fault."""

    markup: str
    elements: list[Element] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[Element] = []
        self.feed(self.markup)
        self.close()
        self.broken += [f"<{one.tag}> is never closed" for one in self.stack]
        ids = [one.attributes["id"] for one in self.elements if "id" in one.attributes]
        self.broken += [f"id {one} stands twice" for one in sorted(set(ids)) if ids.count(one) > 1]
        self.broken += [
            f"{href} leads nowhere"
            for href in (one.attributes.get("href", "") for one in self.elements)
            if href.startswith("#") and href[1:] not in ids
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if len(element.attributes) < len(attrs):
            self.broken.append(f"<{tag}> has an attribute twice")
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack[-1].tag != tag:
            self.broken.append(f"</{tag}> closes nothing")
        else:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        for element in self.stack:
            element.text += data

    def handle_comment(self, data: str) -> None:
        self.broken.append(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        if decl.lower() != "doctype html":
            self.broken.append(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        self.broken.append(f"an instruction: {data}")

    def all(self, name: str) -> list[Element]:
        """Return the elements of that tag, or with `.name` of that class, in their order."""
        if name.startswith("."):
            return [one for one in self.elements if name[1:] in one.classes]
        return [one for one in self.elements if one.tag == name]

    def inert(self) -> list[str]:
        """Return a sentence for everything that could run, load or style."""
        faults = [f"<{one.tag}>" for one in self.elements if one.tag not in TAGS]
        for one in self.elements:
            faults += [f"<{one.tag} {name}>" for name in one.attributes if name not in ATTRIBUTES]
            href = one.attributes.get("href", "#")
            if not href.startswith(("#", "?q=", "https://", "http://")):
                faults.append(f"an address {href}")
            if href.startswith("http") and one.attributes.get("rel") != "noopener noreferrer nofollow":
                faults.append(f"a bare link to {href}")
        return faults
