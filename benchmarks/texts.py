"""What is said of each part: the goal, how its figures are made, and why a missed one was missed."""

from __future__ import annotations

from typing import Final, NamedTuple


class Part(NamedTuple):
    """A part of a run: what it is, and how it is measured; a goal says what is to be reached."""

    title: str
    how: str
    goal: str = ""


PARTS: Final[dict[str, Part]] = {
    "P1": Part(
        "A signed request over HTTP",
        "One aiohttp server in one process serves the bot and Bolt apps with one handler each, with"
        " `process_before_response`; requests come in turns from another process, 16 at a time. Processor"
        " time of the server per request, the median of seven turns. What the bot does besides answering:"
        " it remembers the delivery on disk, lays the answer out and delivers it.",
        "≤ 1.15× the processor time of a Bolt handler that does nothing",
    ),
    "P2": Part(
        "The same request on a small base",
        "Measured together with P1: the bot on two bases. Asked of the large one are entities whose answers"
        " show as many facts as those on the small one; below that, those that P1 asks about.",
        "≤ 1.15× that on fifty facts",
    ),
    "P3": Part(
        "Growth of the core",
        "Lines of every class, drawn from the base through the facts that mention things, so that much is"
        " asked about the well-known. One process asks them, mixed, after a warm-up, {rounds} times; the"
        " fastest of a line counts, and the better of two such processes. From the typed line to the"
        " finished reply, in the processor's time of the thread.",
        "p99 ≤ 1.6× that on a thousand facts; completion ≤ 2.5×",
    ),
    "P4": Part(
        "The core against one row",
        "As P3; compared with the median of `SELECT body FROM fact WHERE rowid = ?` at random, asked"
        " among the others.",
        "p99 in one-row SELECTs: who, briefing, timeline ≤ 30; completion ≤ 25; search ≤ 200; misspelt"
        " name ≤ 500",
    ),
    "P5": Part(
        "The slowest question",
        "Found by a seeded search: a third of the questions at random, then steps uphill from the slowest"
        " so far, over commands, words, names, prefixes, days, topics, dossiers and as-of. What seems slow"
        " is asked five times more, and the fastest counts.",
        "≤ 30 ms",
    ),
    "P6": Part(
        "Memory",
        "Resident memory of a process each, which asks {questions:,} mixed questions. It includes the"
        " libraries that only some questions need.",
        "≤ 3 MB more than on fifty facts",
    ),
    "P7": Part(
        "Opening and starting",
        "Opening: the median of 50. Starting: the fastest of {starts} processes, in turns with one that"
        " imports the same modules and ends.",
        "open ≤ 1 ms; first answer ≤ 10 ms after the imports",
    ),
    "P8": Part(
        "Compiling everything",
        "In a process of its own, whose children count too. Memory is what all of them held at once,"
        " shared pages in part, looked at ten times a second.",
        "≤ 0.7× the processor time of a bare CSafeLoader parse; ≤ 400 MB",
    ),
    "P9": Part(
        "One edited file",
        "A running library; a fact in the file in the middle changes nine times; medians.",
        "live ≤ 1.5× a stat of all files and a parse of that one",
    ),
    "P10": Part(
        "After a thousand edits",
        "Texts, weights, days, topics, titles and spellings change, facts come and go, 25 edits at a time"
        " on a copy of the base. Then it is compiled from nothing, and all rows of both snapshots are"
        " compared, and what a search takes on each.",
        "the same rows; search p99 ≤ 1.3× that of the snapshot compiled anew",
    ),
    "P11": Part(
        "Misspelt names",
        "{spellings} spellings of each class of error, of entities drawn from all alike; a hit has what"
        " was meant among the first five. The scorers of rapidfuzz ({scorers}) compare with every spelling"
        " in the base, all folded beforehand as the bot folds them; each class is compared with the best"
        " of them.",
        "≥ 100× as fast as `ratio` over all names; recall@5 at most 0.03 below the best scorer in any class",
    ),
    "P12": Part(
        "Discord",
        "From the interaction to the response on a loopback stub that answers at once, in turns with a"
        " command that sends a word; medians.",
        "`/who` ≤ 1.2× of that command; a key stroke ≤ 60 µs from prefix to choices",
    ),
    "P13": Part(
        "Reloading under load",
        "Two files change while questions are asked without pause; an answer that shows one file before"
        " and one after the edit is mixed. A stall is the longest time that the loop takes to come round.",
        "no failed or mixed answer; the loop stands still ≤ 1 ms longer",
    ),
    "commands": Part(
        "All commands", "Medians of what was asked for P3. Rendering comes on top, per reply of a `/who`."
    ),
    "peers": Part(
        "Peers",
        "Other ways to do the same on the same data, in one process each; median over the same words and"
        " names. Memory is what building and holding the data added to the process.",
    ),
    "dispatch": Part(
        "Dispatch",
        "From a message as the framework's adapter hands it over to a command that says “ok”, and back.",
    ),
}
"""All parts, in the order of the page; their names are what `python -m benchmarks` takes."""

MISSED: Final[dict[str, str]] = {
    "P1": (
        "Why it is missed: the figure holds a whole answer, which is remembered on disk, laid out and"
        " delivered by a request of its own, against a handler that does none of this. What Slack waits"
        " for is the acknowledgement, which costs about what that handler does."
    ),
    "P2": (
        "Why it is missed: an answer of as many facts cites more different sources in a large base, and"
        " there are more dossiers to look into."
    ),
    "P3": (
        "Why it is missed: the well-known of a large base fill every part of an answer, so that it has up to"
        " twice as many statements; each costs the same, but for its records, which lie further apart."
    ),
    "P4": (
        "Why it is missed: an answer has up to 27 statements. Of the 41 µs that each takes, 16 are writing it"
        " and the others reading it and what it names, so the writing alone is 30 SELECTs. Of a search for"
        " three words, most is SQLite looking for each fact of the rarest in the lists of the others, at"
        " 1.7 µs a look."
    ),
    "P5": (
        "Why it is missed: what an answer shows, counts and compares is bounded, but as of a day in the past"
        " it looks through every dossier, and three common words that hardly ever meet are looked for to the"
        " end; a statement deadline ends what takes far longer."
    ),
    "P6": (
        "Why it is missed: a larger base has longer answers and more different words, dates and records."
        " Of the difference at a million facts about 1 MB are words and dates that caches hold, 0.8 MB"
        " pages of the snapshot, and the rest what the allocator keeps of the longest answers; it does not"
        " grow with the questions."
    ),
    "P7": (
        "Why it is missed: starting looks whether any file of the base has changed before the first"
        " answer. Of 5,060 files that takes some 50 ms of the processor: 20 to ask the system about each,"
        " 7 to list the folders, 5 to read what was seen before, the rest to compare them with the"
        " snapshot. An answer and its layout take 20 ms at any size; opening does not grow with the base."
    ),
    "P8": (
        "Why it is missed: a bare parse builds plain objects and stops. Of 200,000 facts, reading the YAML"
        " into typed records takes 0.48× of that; the rest goes to holding every record against the others"
        " and to sorting some twenty rows for each fact into the indexes."
    ),
    "P9": (
        "Why it is missed: the processor's time stays within the goal, but a change waits four times for"
        " the disk, so that a crash at any moment leaves a whole snapshot."
    ),
    "P10": "Why it is missed: new rows lie in index segments of their own until the index is optimised.",
    "P11": (
        "Why it is missed: a scorer's time grows with the number of names and an index's hardly does, so"
        " the ratio of the two grows with the base; where recall is lower, more than five names are as near"
        " as what was meant, or one is nearer."
    ),
    "P12": (
        "Why it is missed: the figure of `/who` holds the whole answer, its pages and buttons, against a"
        " command that sends one word. Of a key stroke that has 25 choices, a third is the one statement"
        " that reads them, and a quarter is making them with Discord's library."
    ),
    "P13": (
        "Why it is missed: compiling shares the interpreter with the loop, so whenever an answer comes back"
        " from SQLite it waits up to 0.1 ms for its turn (where that was 0.5 ms, the stall was two to three"
        " times as long), and some steps, such as reading what was seen of five thousand files, hold the"
        " interpreter for up to 5 ms. Compiling in a process of its own would not, but takes longer to start"
        " than an edit takes to be live."
    ),
}
"""Why a goal is missed, and what that means for a team; shown where it is."""
