from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.evidence import (
    Copy,
    Fault,
    Proof,
    Verdict,
    check_copies,
    copied_runs,
    normal_words,
    paragraph_hash,
    prove,
    split_paragraphs,
)
from bot.facts.records import (
    Confidence,
    Dated,
    Dossier,
    Entity,
    EntityKind,
    Evidence,
    Fact,
    FactKind,
    Judgement,
    Retraction,
    Role,
    Said,
    Source,
    Unnamed,
)

TITLE = "Ministry orders a review of ferry licences"
FIRST = "On Monday the ministry told the Harbour Line to hand in every licence it holds – “without delay”."
SECOND = (
    "Ada Okafor, the line’s chief executive, said that the ferries would keep running all through the summer."
)
THIRD = "A co-operation with the northern ports isn't planned before 2026."
PROMOTION = "Ferry tales: win a free cruise!"
ARTICLE = "\n".join((TITLE, FIRST, "", SECOND, "***", THIRD, PROMOTION))
HERALD = Source(
    id="herald", title=TITLE, descriptor="Regional daily", paragraphs=3, archive="herald.txt", reliability="B"
)
OTHER = Source(id="other", title="Ferries", descriptor="Weekly", paragraphs=1)
SOURCES = {source.id: source for source in (HERALD, OTHER)}
ARCHIVE = {"herald.txt": ARTICLE}
DOSSIER = Dossier(id="ferries", title=TITLE)

TYPOGRAPHY = str.maketrans(
    {"'": "’", '"': "”", "“": '"', "”": '"', "’": "'", " ": "\u00a0", "-": "\u2011", "–": "-"}
)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp", "Mn", "Mc", "Me", "Lm", "Sk"])
)
WORDS = st.sampled_from(["ada", "berth", "cargo", "deck", "engine", "ferry", "gate", "harbour"])


def evidence(p: int, paragraph: str, ref: str = "herald") -> Evidence:
    return Evidence(ref=ref, p=p, hash=paragraph_hash(paragraph))


def fact(text: str = "A review is on.", *sources: Evidence, **more: object) -> Fact:
    fields = {"id": "review", "kind": FactKind.EVENT, "about": ("harbour-line",), "added": "2024-03-06"}
    return Fact(**fields | {"text": text, "sources": sources} | more)  # type: ignore[arg-type]


# --- hashes ---------------------------------------------------------------------------------------------


def test_hash_is_sha_256_over_the_folded_letters_and_digits() -> None:
    assert (
        paragraph_hash("The ﬁrst Straße,\u00a031 – ½!")
        == hashlib.sha256(b"thefirststrasse3112").hexdigest()[:16]
    )


def test_hash_differs_by_a_word_a_figure_and_an_accent() -> None:
    hashes = {
        paragraph_hash(text)
        for text in ("31 boats sail", "31 boats sailed", "32 boats sail", "31 boäts sail")
    }
    assert len(hashes) == 4


@given(TEXTS)
def test_typography_does_not_change_a_hash(text: str) -> None:
    expected = paragraph_hash(text)
    assert paragraph_hash(text.translate(TYPOGRAPHY)) == expected
    assert paragraph_hash(f"\ufeff{text} \t\u00a0\r\n") == expected
    assert paragraph_hash(unicodedata.normalize("NFKD", text)) == expected


@given(
    st.lists(TEXTS, max_size=6), st.sampled_from(["\n", "\r\n", "\r", "\n\n", " \r\n\t\r\n"]), st.booleans()
)
def test_a_copy_saved_another_way_has_the_same_paragraphs(lines: list[str], end: str, curly: bool) -> None:
    saved = end.join(line.translate(TYPOGRAPHY) if curly else line for line in lines)
    expected = [paragraph_hash(paragraph) for paragraph in split_paragraphs("\n".join(lines))]
    assert [paragraph_hash(paragraph) for paragraph in split_paragraphs(f"\ufeff{saved} ")] == expected


# --- paragraphs -----------------------------------------------------------------------------------------


def test_paragraphs_leave_out_headline_rules_and_promotion() -> None:
    assert split_paragraphs(ARTICLE, TITLE, 3) == (FIRST, SECOND, THIRD)


def test_headline_is_recognised_in_another_spelling() -> None:
    text = f"\ufeff  MINISTRY orders\u00a0a review of ‘ferry licences’\r\n{FIRST}\r\n \u00a0\r\n{THIRD}"
    assert split_paragraphs(text, TITLE) == (FIRST, THIRD)


def test_without_title_and_count_every_line_with_a_letter_or_digit_is_a_paragraph() -> None:
    assert split_paragraphs("~ Ada Okafor\n\n—\n7") == ("~ Ada Okafor", "7")
    assert split_paragraphs("\ufeff\n") == ()


def test_fewer_paragraphs_than_counted_are_all_returned() -> None:
    assert split_paragraphs("one\ntwo", None, 9) == ("one", "two")


# --- proofs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_evidence", "verdict", "found_at", "actual"),
    [
        (evidence(2, SECOND), Verdict.MATCH, 2, SECOND),
        (evidence(1, SECOND), Verdict.MOVED, 2, FIRST),
        (evidence(9, FIRST), Verdict.MOVED, 1, None),
        (evidence(2, SECOND + " Always."), Verdict.CHANGED, None, SECOND),
        (evidence(1, TITLE), Verdict.CHANGED, None, FIRST),
        (evidence(1, FIRST, ref="other"), Verdict.ABSENT, None, None),
        (evidence(1, FIRST, ref="unheard-of"), Verdict.ABSENT, None, None),
    ],
)
def test_verdicts(
    given_evidence: Evidence, verdict: Verdict, found_at: int | None, actual: str | None
) -> None:
    hash_ = paragraph_hash(actual) if actual else None
    expected = Proof("review", given_evidence.ref, given_evidence.p, verdict, found_at, hash_)
    assert prove([fact("A review.", given_evidence)], SOURCES, ARCHIVE) == [expected]


def test_no_file_in_the_archive_is_absent() -> None:
    assert [proof.verdict for proof in prove([fact("A.", evidence(1, FIRST))], SOURCES, {})] == [
        Verdict.ABSENT
    ]


def test_a_line_on_top_of_the_copy_moves_even_the_last_paragraph() -> None:
    archive = {"herald.txt": f"By our ferry correspondent\n{ARTICLE}"}
    proofs = prove([fact("A.", evidence(3, THIRD))], SOURCES, archive)
    assert proofs == [Proof("review", "herald", 3, Verdict.MOVED, 4, paragraph_hash(SECOND))]


def test_of_equal_paragraphs_the_nearest_is_found() -> None:
    archive = {"herald.txt": "\n".join((FIRST, SECOND, THIRD, SECOND, SECOND))}
    proofs = prove([fact("A.", evidence(4, SECOND), evidence(7, SECOND))], SOURCES, archive)
    assert [(proof.verdict, proof.found_at) for proof in proofs] == [(Verdict.MATCH, 4), (Verdict.MOVED, 5)]


def test_proofs_come_in_the_order_of_facts_and_their_evidence() -> None:
    facts = [fact("A.", evidence(3, THIRD), evidence(1, FIRST)), fact("B.", evidence(2, SECOND), id="second")]
    places = [(proof.fact, proof.p) for proof in prove(facts, SOURCES, ARCHIVE)]
    assert places == [("review", 3), ("review", 1), ("second", 2)]


# --- copied runs ----------------------------------------------------------------------------------------


def test_words_are_compared_without_apostrophes_hyphens_and_capitals() -> None:
    assert normal_words("Russia’s CO-OPERATION, (GPUs)—in\u00a02026; soft\u00adware") == (
        "russias", "cooperation", "gpus", "in", "2026", "software",
    )  # fmt: skip


def test_eight_shared_words_are_a_run_and_seven_are_none() -> None:
    assert copied_runs("He told the harbour line to hand in every ticket.", [FIRST]) == (
        "told the harbour line to hand in every",
    )
    assert copied_runs("She told a Harbour Line to hand in every licence.", [FIRST]) == ()


def test_runs_come_whole_and_longest_first() -> None:
    sentence = f"Said that the ferries would keep running all. {FIRST}"
    longest, shortest = copied_runs(sentence, [SECOND, FIRST])
    assert longest == " ".join(normal_words(FIRST))
    assert shortest == "said that the ferries would keep running all"


def test_a_run_does_not_reach_across_two_paragraphs() -> None:
    assert copied_runs("a b c d e f g h", ["a b c d", "e f g h"]) == ()
    assert copied_runs("a b c d e f g h", ["x a b c d", "c d e f g h"], at_least=4) == (
        "c d e f g h",
        "a b c d",
    )


def naive(sentence: str, paragraphs: list[str]) -> bool:
    spelled = sentence.split()
    grams = (" ".join(spelled[start : start + 8]) for start in range(len(spelled) - 7))
    return any(f" {gram} " in f" {paragraph} " for gram in grams for paragraph in paragraphs)


LINES = st.lists(WORDS, max_size=24).map(" ".join)
LONG_LINES = st.lists(WORDS, min_size=14, max_size=30).map(" ".join)


@settings(max_examples=60)
@given(LINES, st.lists(LONG_LINES, max_size=4), st.integers(0, 5), st.integers(7, 12))
def test_runs_are_found_exactly_when_eight_words_are_shared(
    sentence: str, paragraphs: list[str], start: int, length: int
) -> None:
    # Without a planted run, random words almost never share eight.
    planted = " ".join(paragraphs[0].split()[start : start + length]) if paragraphs else ""
    for one in (sentence, f"{sentence} {planted} zebra"):
        runs = copied_runs(one, paragraphs)
        assert bool(runs) == naive(one, paragraphs)
        assert all(f" {run} " in f" {one} " and naive(run, paragraphs) for run in runs)


# --- the check over a dossier ---------------------------------------------------------------------------

STOLEN = SECOND.partition(", said that ")[2]
RUN = " ".join(normal_words(STOLEN))


def check(*facts: Fact, entities: tuple[Entity, ...] = (), **more: object) -> list[Copy]:
    arguments: dict[str, object] = {"dossier": DOSSIER, "sources": SOURCES, "archive": ARCHIVE} | more
    return check_copies(entities=entities, facts=facts, **arguments)  # type: ignore[arg-type]


def copied(record: str, id_: str, field: str) -> Copy:
    return Copy(fault=Fault.COPIED, record=record, id=id_, field=field, run=RUN, source="herald", p=2)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("text", {"text": STOLEN}),
        ("duty", {"duty": STOLEN}),
        ("due_as_written", {"due_as_written": STOLEN}),
        ("date.inferred", {"date": Dated(date="2024", inferred=STOLEN)}),
        ("said.when.inferred", {"said": Said(by="okafor", when=Dated(date="2024", inferred=STOLEN))}),
        ("said.by.unnamed", {"said": Said(by=Unnamed(unnamed=STOLEN))}),
        ("retracted.why", {"retracted": Retraction(on="2024-03-07", why=STOLEN)}),
    ],
)
def test_a_copied_sentence_of_a_fact_is_located(field: str, more: dict[str, object]) -> None:
    assert check(fact(**more)) == [copied("fact", "review", field)]  # type: ignore[arg-type]


def test_copied_sentences_of_the_other_records_are_located() -> None:
    judgement = Judgement(text=STOLEN, based_on=("review",), confidence=Confidence.LOW, added="2024-03-06")
    herald = Source(
        id="herald",
        title=TITLE,
        descriptor=STOLEN,
        published=Dated(date="2024", inferred=STOLEN),
        paragraphs=3,
        archive="herald.txt",
    )
    okafor = Entity(id="okafor", kind=EntityKind.PERSON, name="Ada Okafor", roles=(Role(role=STOLEN),))
    dossier = Dossier(id="ferries", title="Ferries", judgements=(judgement,))
    assert check(entities=(okafor,), dossier=dossier, sources={"herald": herald}) == [
        copied("dossier", "ferries", "judgements[0].text"),
        copied("source", "herald", "descriptor"),
        copied("source", "herald", "published.inferred"),
        copied("entity", "okafor", "roles[0].role"),
    ]


def test_names_and_titles_may_be_as_in_the_source() -> None:
    line = Entity(id="line", kind=EntityKind.ORGANISATION, name=STOLEN, also=(STOLEN,))
    dossier = Dossier(id="ferries", title=STOLEN)
    assert check(entities=(line,), dossier=dossier) == []


def test_lines_outside_the_body_are_not_copied_from() -> None:
    archive = {"herald.txt": f"{ARTICLE}\n{STOLEN}".replace(SECOND, "A paragraph.")}
    assert check(fact(STOLEN), archive=archive) == []


def test_a_short_quotation_from_the_cited_paragraph_is_allowed() -> None:
    assert check(fact("They sail on.", evidence(2, SECOND), quote=STOLEN)) == []


@pytest.mark.parametrize(
    "quote", ["the ferries would stop", "erries would keep running", "the ferries … running"]
)
def test_what_the_cited_paragraph_does_not_say_is_misquoted(quote: str) -> None:
    (found,) = check(fact("They sail.", evidence(2, SECOND), quote=quote))
    assert (found.fault, found.id, found.field) == (Fault.MISQUOTED, "review", "quote")


def test_a_quotation_need_not_stand_in_every_cited_paragraph() -> None:
    assert check(fact("They sail.", evidence(1, FIRST), evidence(2, SECOND), quote="keep running")) == []


def test_a_quotation_is_not_judged_while_a_cited_paragraph_is_missing() -> None:
    cited = (evidence(2, SECOND), evidence(1, FIRST, ref="other"))
    assert check(fact("They sail.", *cited, quote="no such words")) == []


@pytest.mark.parametrize(("length", "faults"), [(25, []), (26, [Fault.LONG_QUOTE])])
def test_a_quotation_has_at_most_25_words(length: int, faults: list[Fault]) -> None:
    quote = " ".join("word" for _ in range(length))
    found = check(fact("They sail.", evidence(1, "Words.", ref="other"), quote=quote))
    assert [one.fault for one in found] == faults
