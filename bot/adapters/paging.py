"""Cut a long reply into pages on which every kept statement keeps its citations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from bot.adapters.texts import longest_text, map_texts, shorten
from bot.reply import (
    Block,
    Bullets,
    Cite,
    Degradation,
    Degree,
    Divider,
    Fields,
    Kind,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    Table,
    Timeline,
    block_lines,
)

CONTINUED: Final = " (continued)"


class Page(msgspec.Struct, frozen=True):
    """One page: `reply` holds this page's blocks and the source lines they cite; `number` counts from 1.

    `start` is the number of the first item where the page's first block goes on with a numbered list, else 1.
    `cut` is how many statements were left out after the last page that was allowed; 0 on all others.
    """

    reply: Reply
    number: int
    of: int
    start: int = 1
    cut: int = 0


def paginate(
    reply: Reply, fits: Callable[[Page], bool], most: int | None = None
) -> tuple[list[Page], list[Degradation]]:
    """Split a reply into as few pages as `fits` allows, at most `most`.

    A statement is one item of a list, paragraph, timeline or table, one field, quote, note or picture; it is
    never split. Statements fill each page in their order. A block that goes on over a page repeats its
    heading with " (continued)", and a table its head. Dividers at either end of a page go, and so do blocks
    that hold no statement. Title, summary and footer are on every page; actions and `wanted` on the last one,
    or on every page of a question. Each page has exactly the source lines that it cites.

    A statement that is too long for a page gets one to itself, on which the longest texts are shortened to
    one length, at word boundaries, with "…"; citations stay. What is left when `most` pages are full is
    counted in the last page's `cut`. Notes tell of both; without notes nothing is missing.

    `fits` is asked about pages whose `of` and `cut` may be larger than they are in the end, so it must not
    turn from true to false when one of them gets smaller. Keeping title, summary, footer and actions within
    a platform's limits is the renderer's business; here their texts are shortened as a last resort only.

    Raises:
        ValueError: `most` is less than 1, or not even one statement with all texts shortened fits a page.
    """
    if most is not None and most < 1:
        raise ValueError("At least one page must be allowed.")
    return _Pager(reply, fits, most).run()


def statements(reply: Reply) -> int:
    """Return how many statements a reply holds, as :func:`paginate` counts them."""
    return sum(map(_count, reply.blocks))


class _Pager:
    """The state of one run: all statements in one row, and where each block's statements end in it."""

    def __init__(self, reply: Reply, fits: Callable[[Page], bool], most: int | None) -> None:
        self.reply = reply
        self.fits = fits
        self.most = most
        self.blocks: list[Block] = []
        self.ruled: list[bool] = []
        self.owner: list[int] = []
        self.first: list[int] = []
        ruled = False
        for block in reply.blocks:
            count = _count(block)
            if count:
                self.first.append(len(self.owner))
                self.owner.extend([len(self.blocks)] * count)
                self.blocks.append(block)
                self.ruled.append(ruled)
            ruled = isinstance(block, Divider) or (ruled and not count)
        self.first.append(len(self.owner))
        self.place = {source.number: index for index, source in enumerate(reply.sources)}
        self.bound = min(most or len(self.owner) + 2, len(self.owner) + 2)

    def run(self) -> tuple[list[Page], list[Degradation]]:
        total = len(self.owner)
        whole = self.page(0, total, 1, of=1)
        if self.fits(whole):
            return [whole], []
        pages: list[Page] = []
        notes: list[Degradation] = []
        done, step, closed = 0, 1, False
        while not closed:
            number = len(pages) + 1
            step = self.most_that_fit(done, number, step)
            page = self.page(done, done + step, number)
            if step == 0:
                page, step, note = self.alone(done, number)
                notes += note
            pages.append(page)
            done += step
            closed = page.cut > 0 or number == self.most or (done == total and self.closing(page))
            step = max(step, 1)
        if done < total:
            pages[-1] = replace(pages[-1], cut=total - done)
            notes += self.left_out(done)
        return [replace(page, of=len(pages)) for page in pages], notes

    def closing(self, page: Page) -> bool:
        """Whether the page carries all that the last page has to carry."""
        return bool(page.reply.actions) == bool(self.reply.actions) and page.reply.wanted == self.reply.wanted

    def page(self, start: int, end: int, number: int, *, of: int = 0, bare: bool = False) -> Page:
        """Build a page of the statements from `start` up to `end`; `bare` leaves out the actions."""
        blocks: list[Block] = []
        at = start
        while at < end:
            owner = self.owner[at]
            stop = min(end, self.first[owner + 1])
            if self.ruled[owner] and at == self.first[owner] and blocks:
                blocks.append(Divider())
            blocks.append(_part(self.blocks[owner], at - self.first[owner], stop - self.first[owner]))
            at = stop
        cited = {
            self.place[span.number]
            for block in blocks
            for one in block_lines(block)
            for span in one.spans
            if isinstance(span, Cite) and span.number in self.place
        }
        last = end == len(self.owner) or number == self.most
        acts = self.reply.kind is Kind.ASK or (last and not bare)
        reply = replace(
            self.reply,
            blocks=tuple(blocks),
            sources=tuple(self.reply.sources[index] for index in sorted(cited)),
            actions=self.reply.actions if acts else (),
            wanted=self.reply.wanted if acts else None,
        )
        numbered = start < end and _is_numbered(self.blocks[self.owner[start]])
        return Page(
            reply,
            number,
            of or max(self.bound, number),
            start=start - self.first[self.owner[start]] + 1 if numbered else 1,
            cut=len(self.owner) - start if number == self.most and end < len(self.owner) else 0,
        )

    def most_that_fit(self, start: int, number: int, guess: int) -> int:
        """Return how many statements from `start` fit one page: gallop from a guess, then halve the gap.

        The pages that are tried stay within twice the size of the answer, so that the work is linear.
        """
        left = len(self.owner) - start
        if left == 0:
            return 0
        low, high = 0, left + 1
        trial = min(guess, left)
        while high - low > 1:
            if self.fits(self.page(start, start + trial, number)):
                low = trial
                trial = min(2 * low, high - 1) if high > left else (low + high) // 2
            else:
                high = trial
                trial = (low + high) // 2
        return low

    def alone(self, start: int, number: int) -> tuple[Page, int, list[Degradation]]:
        """Build a page where not one statement fits as it is: without actions, or with texts shortened."""
        end = min(start + 1, len(self.owner))
        pages = [self.page(start, end, number)]
        if end > start and number != self.most and pages[0].reply.actions and self.reply.kind is not Kind.ASK:
            bare = self.page(start, end, number, bare=True)
            if self.fits(bare):
                return bare, 1, []
            pages.append(bare)
        for page in pages:
            if self.fits(page):
                return page, end - start, []
            short = self.shortened(page)
            if short is not None:
                tag = _tag(self.blocks[self.owner[start]]) if end > start else "reply"
                why = "One statement is longer than a page, so its longest texts were shortened."
                return short, end - start, [Degradation(tag, Degree.PARTIAL, why)]
        raise ValueError("Not even one statement fits a page of this size.")

    def shortened(self, page: Page) -> Page | None:
        """Return the page with its texts shortened to the greatest length at which it fits, or None."""
        low, high = 0, longest_text(page.reply) + 1
        best = None
        while high - low > 1:
            length = (low + high) // 2
            trial = replace(page, reply=map_texts(page.reply, partial(shorten, length=length)))
            if self.fits(trial):
                low, best = length, trial
            else:
                high = length
        return best

    def left_out(self, start: int) -> Iterator[Degradation]:
        """Say for each block how many of its statements were left out."""
        for owner in range(self.owner[start], len(self.blocks)):
            count = self.first[owner + 1] - max(start, self.first[owner])
            what = "1 statement is" if count == 1 else f"{count:,} statements are"
            yield Degradation(
                _tag(self.blocks[owner]), Degree.PARTIAL, f"{what} left out after the last page."
            )


def _tag(block: Block) -> str:
    return str(block.__struct_config__.tag)


def _is_numbered(block: Block) -> bool:
    return isinstance(block, Bullets) and block.numbered


def _count(block: Block) -> int:
    """Return the number of statements of a block."""
    match block:
        case Paragraph(lines=lines):
            return len(lines)
        case Bullets(items=items):
            return len(items)
        case Fields(fields=fields):
            return len(fields)
        case Timeline(entries=entries):
            return len(entries)
        case Table(rows=rows):
            return len(rows)
        case Quote() | Note() | Picture():
            return 1
        case Divider():
            return 0
        case _:
            assert_never(block)


def _part(block: Block, start: int, end: int) -> Block:
    """Return the block with its statements from `start` up to `end` only."""
    if (start, end) == (0, _count(block)):
        return block
    heading = getattr(block, "heading", "")
    if heading and start:
        heading += CONTINUED
    match block:
        case Paragraph(lines=lines):
            return replace(block, lines=lines[start:end], heading=heading)
        case Bullets(items=items):
            return replace(block, items=items[start:end], heading=heading)
        case Fields(fields=fields):
            return replace(block, fields=fields[start:end], heading=heading)
        case Timeline(entries=entries):
            return replace(block, entries=entries[start:end], heading=heading)
        case Table(rows=rows):
            return replace(block, rows=rows[start:end], heading=heading)
        case Quote() | Note() | Picture() | Divider():
            return block
        case _:
            assert_never(block)
