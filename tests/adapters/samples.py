"""Replies that every adapter must render: all blocks, spans and kinds; none, one, many, too much of each."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from bot.reply import (
    Action,
    Block,
    Bullets,
    Cite,
    Divider,
    Entry,
    Field,
    Fields,
    Footer,
    Kind,
    Level,
    Line,
    Link,
    Moment,
    Name,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    SourceLine,
    Strong,
    Table,
    Text,
    Timeline,
    Visibility,
    Wanted,
    When,
    line,
)

HERALD: Final = SourceLine(
    1,
    "morning-herald-2024-03-05",
    "Ministry orders a review of ferry licences",
    "Regional daily, rewrites wire copy",
    "B usually reliable",
    publisher="Morning Herald",
    published=When("5 March 2024", "2024-03-05"),
    url="https://example.org/herald/2024-03-05",
)
GAZETTE: Final = SourceLine(
    2,
    "gazette-2024-04",
    "Постановление № 31: лицензии",
    "Official gazette",
    "A completely reliable",
    published=When("about April 2024", "2024-04~"),
    inferred="names a decree of the day before",
)
UNDATED: Final = SourceLine(
    3, "harbour-line-press", "港口公司公告", "Company's own page", "F cannot be judged"
)
FOOTER: Final = Footer("3f9c2a71", "2024-06-01", 42, "/briefing licences as-of:2024-06-01")

HEADLINE: Final = line(
    "The ministry ",
    Strong("ordered"),
    " a review of all ferry licences, ",
    Name("Ada Okafor", "/who okafor"),
    " (",
    Link("Harbour Line", "https://example.org/harbour?a=1&b=2"),
    ") told reporters on ",
    When("4 March 2024", "2024-03-04"),
    ". ",
    Cite(1, HERALD.id),
    Cite(2, GAZETTE.id),
    fact="review-order-2024-03",
)
SAID: Final = line(
    "She denied that 31 of 83 licences had lapsed. ", Cite(3, UNDATED.id), fact="okafor-denial"
)
PLAIN: Final = line("No outcome is recorded.")
NEXT: Final = Moment("Monday 11 March 2024, 08:30 Europe/Berlin", 1_710_142_200)

ALL_BLOCKS: Final[tuple[Block, ...]] = (
    Note(line("The base on disk does not load; an older snapshot answers."), Level.WARNING, "Notice"),
    Paragraph((HEADLINE, PLAIN), "Bottom line"),
    Bullets((HEADLINE, SAID), "Key points", numbered=True),
    Bullets((SAID, PLAIN)),
    Divider(),
    Fields(
        (
            Field("Kind", line("person")),
            Field("Also known as", line("Ада Окафор · 阿达")),
            Field("Said", SAID),
        )
    ),
    Timeline(
        (
            Entry(SAID, When("March 2024", "2024-03")),
            Entry(HEADLINE, When("by June 2024", "2024-06"), "planned"),
            Entry(PLAIN),
        ),
        "Timeline",
    ),
    Table(
        ("Measure", "Value", "When"),
        (
            (line("Licences held ", Cite(1, HERALD.id)), line("31 of 83"), line(When("2024", "2024"))),
            (line("Fare | single"), line("€ 4.20"), line(NEXT)),
        ),
        "Figures",
    ),
    Quote(
        line("We run every boat we are paid for."), line("Ada Okafor ", Cite(1, HERALD.id)), "In her words"
    ),
    Picture(
        "https://example.org/chart.png?w=640", "A chart of licences by year: 83 in 2022, 31 in 2024.", "Chart"
    ),
    Note(line("Two sources rest on one wire report.")),
    Fields((Field("Next", line(NEXT, ", then ", Moment("a day later", NEXT.at + 86_400))),)),
)


def reply(*blocks: Block, kind: Kind = Kind.ANSWER, title: str = "Ferry licences", **others: object) -> Reply:
    """Build an answer with all three sources and a footer."""
    given: dict[str, object] = {"summary": "The ministry ordered a review of all ferry licences.", **others}
    given = {"sources": (HERALD, GAZETTE, UNDATED), "footer": FOOTER, **given}
    return Reply(kind=kind, title=title, blocks=blocks, **given)  # type: ignore[arg-type]


def _points(count: int, words: int = 8) -> tuple[Line, ...]:
    sources = (HERALD, GAZETTE, UNDATED)
    return tuple(
        line(
            f"Point {n} of {count}: {'licence ' * words}ends. ",
            Cite(sources[n % 3].number, sources[n % 3].id),
            fact=f"point-{n}",
        )
        for n in range(1, count + 1)
    )


_CHOICES = tuple(Action(f"Okafor {n}", f"/who okafor-{n}", "person, Harbour Line") for n in range(1, 31))

SAMPLES: Final[dict[str, Reply]] = {
    "all blocks": reply(*ALL_BLOCKS, actions=(Action("More", "/briefing length:full", "every key point"),)),
    **{f"one {type(block).__name__.lower()} {n}": reply(block) for n, block in enumerate(ALL_BLOCKS)},
    "no blocks": reply(),
    "bare": Reply(kind=Kind.ANSWER, title="", summary="Nothing to add."),
    "empty blocks": reply(
        Paragraph(()),
        Bullets((), "Said"),
        Fields(()),
        Timeline(()),
        Table(("a", "b"), ()),
        Divider(),
        Divider(),
    ),
    "empty lines": reply(
        Paragraph((Line(()), line(""))),
        Bullets((Line(()),), "Nothing"),
        Fields((Field("", Line(())),)),
        Timeline((Entry(Line(()), When("", ""), ""),)),
        Table(("",), ((Line(()),),)),
        Quote(Line(()), Line(())),
        Note(Line(())),
        Picture("https://example.org/x.png", ""),
    ),
    "ask": reply(
        Paragraph((line("Which Okafor is meant?"),)),
        kind=Kind.ASK,
        title="Okafor",
        actions=_CHOICES[:3],
        wanted=Wanted("/who", "name"),
    ),
    "ask among many": reply(Paragraph(_points(60)), kind=Kind.ASK, actions=_CHOICES),
    "none": reply(
        kind=Kind.NONE, title="zzz", summary="The base knows nothing of “zzz”.", actions=_CHOICES[:1]
    ),
    "usage": reply(Note(line("A date reads 2024-03-04.")), kind=Kind.USAGE, visibility=Visibility.PUBLIC),
    "failure": Reply(
        kind=Kind.FAILURE, title="Failed", summary="The snapshot cannot be read. Ask again later."
    ),
    "notice": reply(
        Paragraph((PLAIN,)), footer=Footer("3f9c", "2024", 1, "/x", "An older snapshot answers.")
    ),
    "many points": reply(Bullets(_points(120), "Key points", numbered=True)),
    "many fields": reply(
        Fields(tuple(Field(f"Field {n}", one) for n, one in enumerate(_points(60))), "Record")
    ),
    "many entries": reply(
        Timeline(
            tuple(
                Entry(one, When(f"{1900 + n}", f"{1900 + n}"), "said") for n, one in enumerate(_points(110))
            )
        )
    ),
    "many rows": reply(
        Table(("No.", "Point"), tuple((line(f"{n}"), one) for n, one in enumerate(_points(110))))
    ),
    "many columns": reply(
        Table(tuple(f"c{n}" for n in range(25)), (tuple(line(f"v{n}") for n in range(25)),) * 3)
    ),
    "many blocks": reply(*ALL_BLOCKS * 8),
    "many sources": reply(
        Paragraph((line(*(Cite(n, f"s{n}") for n in range(1, 41)), "Everyone says so."),)),
        sources=tuple(
            SourceLine(n, f"s{n}", f"Article {n}", "Daily", "C fairly reliable") for n in range(1, 41)
        ),
    ),
    "a long statement": reply(Paragraph((line("Of ", "licence " * 5_000, Cite(2, GAZETTE.id)),), "Long")),
    "a long word": reply(Bullets((line("x" * 40_000, Cite(1, HERALD.id)), SAID))),
    "long names": reply(
        Paragraph((line(Name("Ōkafor " * 5_700, "/who okafor"), Cite(1, HERALD.id)),), "H" * 40_000),
        title="Title " * 7_000,
        summary="Summary " * 5_000,
    ),
    "wide characters": reply(
        Bullets(
            (line("港口公司宣布审查所有渡轮许可证。" * 6, Cite(3, UNDATED.id)), line("👩‍🚒👍🏽🇺🇦é " * 20)),
            "渡轮",
        ),
        Table(("港口", "値"), ((line("渡轮"), line("31")), (line("ferry"), line("八十三")))),
        Fields((Field("名称", line("阿达·奥卡福")), Field("Name", line("Ada Okafor")))),
    ),
}

HOSTILE: Final[dict[str, str]] = {
    "slack channel": "<!channel>",
    "slack here": "<!here|here>",
    "slack user": "<@U012AB3CD>",
    "slack group": "<!subteam^S012AB3CD>",
    "slack link": "<https://evil.example|bank>",
    "discord everyone": "@everyone",
    "discord here": "@here",
    "discord user": "<@123456789012345678>",
    "discord role": "<@&123456789012345678>",
    "discord channel": "<#123456789012345678>",
    "discord time": "<t:1700000000:R>",
    "discord emoji": "<:name:123456789012345678>",
    "slash mention": "</who:123456789012345678>",
    "bare address": "https://evil.example/x",
    "invite": "discord.gg/evil",
    "mail": "mailto:a@evil.example",
    "markdown link": "[x](http://evil.example)",
    "markdown picture": "![x](http://evil.example/x.png)",
    "reference link": "[x]: http://evil.example",
    "autolink": "<http://evil.example>",
    "code": "`code` and ```fence```",
    "emphasis": "*a* _b_ ~c~ **d** __e__ ~~f~~ ||g||",
    "heading": "# heading",
    "list": "- item",
    "number": "1. item",
    "quote": "> quote >>> more",
    "rule": "---",
    "table": "| a | b |",
    "backslash": r"a\*b\\c\n",
    "script": "<script>alert(1)</script>",
    "attribute": "\" onload=alert(1) '",
    "entity": "&amp; &lt;b&gt; &#60;",
    "rich markup": "[bold red]x[/] [link=http://evil.example]y[/link]",
    "emoji code": ":skull: :smile:",
    "ansi": "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "c1": "\x9b31mred",
    "bell and backspace": "a\x07b\x08\x08c\x7fd",
    "nul": "a\x00b",
    "carriage return": "safe\rEVIL",
    "line breaks": "first\nsecond\r\nthird\u2028fourth\x85fifth",
    "bidi": "a\u202etxt.exe\u202c \u2066b",
    "surrogate": "a\ud800b",
    "formula": "=cmd|' /C calc'!A0",
    "template": "{{7*7}} ${x} %s {0}",
    "east asian": "北京市长城，あ・ア、한국어",
    "emoji": "👩‍👩‍👧‍👦 👍🏽 🇪🇺 é ﷽",
}


def hostile_reply(text: str) -> Reply:
    """Return a reply that has `text` wherever data can stand."""
    source = SourceLine(
        1, "s1", text, text, text, publisher=text, published=When(text, "2024"), inferred=text
    )
    bad = line(
        text,
        " ",
        Strong(text),
        " ",
        Name(text, f"/who {text}"),
        " ",
        When(text, "2024"),
        " ",
        Moment(text, 0),
        " ",
        Moment(text, -(2**62)),
        " ",
        Cite(1, "s1"),
    )
    blocks: tuple[Block, ...] = (
        Paragraph((bad,), text),
        Bullets((bad, bad), text, numbered=True),
        Fields((Field(text, bad),), text),
        Timeline((Entry(bad, When(text, "2024"), text),), text),
        Table((text, "b"), ((bad, line(text)),), text),
        Quote(bad, bad, text),
        Note(bad, Level.WARNING, text),
        Picture("https://example.org/x.png", text, text),
    )
    return Reply(
        kind=Kind.ASK,
        title=text,
        summary=text,
        blocks=blocks,
        sources=(source,),
        actions=(Action(text, f"/who {text}", text),),
        wanted=Wanted(f"/who {text}", "name"),
        footer=Footer("3f9c", "2024", 1, f"/who {text}", text),
    )


# --- replies that hypothesis draws ---------------------------------------------------------------------

words = st.text(st.sampled_from("ab é語👍🏽\u0301.<&[*`@\x1b"), max_size=40)
_spans = st.one_of(
    words.map(Text),
    st.integers(1, 3).map(lambda n: Cite(n, (HERALD, GAZETTE, UNDATED)[n - 1].id)),
    words.map(lambda text: Link(text, "https://example.org/")),
    words.map(lambda text: Name(text, "/who okafor")),
    st.builds(Moment, words, st.sampled_from([0, NEXT.at, -1, 2**40, -(2**63)])),
)
_lines = st.lists(_spans, max_size=4).map(lambda them: Line(tuple(them)))
_headings = st.sampled_from(["", "Heading", "Another longer heading"])
_many = st.lists(_lines, max_size=12).map(tuple)
_entries = st.builds(Entry, _lines, st.one_of(st.none(), words.map(lambda text: When(text, "2024"))), words)


def _table(width: int) -> st.SearchStrategy[Table]:
    row = st.lists(_lines, min_size=width, max_size=width).map(tuple)
    head = st.lists(words, min_size=width, max_size=width).map(tuple)
    return st.builds(Table, head=head, rows=st.lists(row, max_size=8).map(tuple), heading=_headings)


blocks = st.one_of(
    st.builds(Paragraph, lines=_many, heading=_headings),
    st.builds(Bullets, items=_many, heading=_headings, numbered=st.booleans()),
    st.builds(
        Fields, fields=st.lists(st.builds(Field, words, _lines), max_size=8).map(tuple), heading=_headings
    ),
    st.builds(Timeline, entries=st.lists(_entries, max_size=8).map(tuple), heading=_headings),
    st.integers(1, 3).flatmap(_table),
    st.builds(Quote, line=_lines, by=_lines, heading=_headings),
    st.builds(Note, line=_lines, level=st.sampled_from(Level), heading=_headings),
    st.builds(Picture, url=st.just("https://example.org/a.png"), alt=words, heading=_headings),
    st.just(Divider()),
)
replies = st.builds(
    Reply,
    kind=st.sampled_from(Kind),
    # Every answer has a title; all else of one may be empty.
    title=words.map(lambda text: f"Answer {text}"),
    summary=words.map(lambda text: f"Summary {text}"),
    blocks=st.lists(blocks, max_size=6).map(tuple),
    sources=st.just((HERALD, GAZETTE, UNDATED)),
    actions=st.lists(words.map(lambda text: Action(text, "/who okafor")), max_size=3).map(tuple),
    footer=st.sampled_from([None, FOOTER]),
)
