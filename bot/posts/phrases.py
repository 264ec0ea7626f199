"""Rules in words: English becomes a cron expression, and a pattern becomes English that reads back as itself.

every weekday 08:30 · Mon, Wed and Fri 17:00 · Mondays 9am     days of the week, and a time
1st and 15th of the month 07:00 · last day of the month 18:00  days of the month
first and third Monday of the month 9:00
every 4 hours · every 30 minutes                               wall times, counted from midnight
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from cronsim import CronSim

from bot.posts.pattern import OFTENEST, Pattern
from bot.posts.zones import SHOWN, WhenError

EXAMPLES: Final = (
    "every weekday 08:30 Europe/Berlin; Mondays and Thursdays 9am Europe/Berlin; "
    "1st of the month 07:00 UTC; every 4 hours UTC; or cron: 30 8 * * 1-5 UTC"
)

WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""In cron's order: Sunday is 0."""

DAY_NAMES: Final = {
    spelling: number
    for number, name in enumerate(WEEKDAYS)
    for spelling in (name.lower(), f"{name.lower()}s", name[:3].lower())
} | {"tues": 2, "weds": 3, "thur": 4, "thurs": 4}
DAY_NAME: Final = "|".join(sorted(DAY_NAMES, key=len, reverse=True))

ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5} | {
    f"{number}{'th' if 10 < number < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}": number
    for number in range(1, 32)
}
ANY_DAY: Final = ("*", "*", "*")
SHORTEST_MONTH: Final = 28
SMALL_NUMBERS: Final = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
NUMBERS: Final = {word: number for number, word in enumerate(SMALL_NUMBERS.split("|"), start=1)}
PARTS_OF_AN_HOUR: Final = {"half an": 30, "half": 30, "quarter of an": 15, "quarter": 15}

WHOLE_HOURS: Final = (1, 2, 3, 4, 6, 8, 12)
WHOLE_MINUTES: Final = (5, 6, 10, 12, 15, 20, 30)
"""What divides a day and an hour: other steps would be uneven at midnight or at the full hour."""

MOST_TIMES: Final = 4
"""Times that are still read as words; more of them stay cron."""

CLOCK: Final = r"(?:\d{1,2}[:.h]\d{1,2}(?: ?[ap]m)?|\d{1,2} ?[ap]m|noon|midday|midnight)"
HOUR: Final = rf"(?:{CLOCK}|\d{{1,2}})"
TIMES: Final = (
    rf"(?P<times>(?:at )?{CLOCK}(?: (?:and )?(?:at )?{CLOCK})*|at {HOUR}(?: (?:and )?(?:at )?{HOUR})*)"
)
DAYS_FIRST: Final = re.compile(rf"(?P<days>.+?) {TIMES}")
TIMES_FIRST: Final = re.compile(rf"{TIMES} (?:on )?(?P<days>.+)")
TIME: Final = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{1,2}))? ?(?P<half>[ap]m)?")
INTERVAL: Final = re.compile(
    rf"(?:every|each) (?:(?P<count>\d{{1,4}}|{SMALL_NUMBERS}) )?(?P<unit>hour|minute|min)s?|hourly"
    rf"|(?:every|each) (?P<part>{'|'.join(PARTS_OF_AN_HOUR)}) hour"
)
OF_THE_MONTH: Final = re.compile(r"(?:the )?(.+) of (?:(?:the|each|every) )?month")
RANGE: Final = re.compile(rf"({DAY_NAME}) ?(?:-|to|through|until) ?({DAY_NAME})")
EVERY: Final = re.compile(r"(?:(?:every|each|on|the) )+")

FORTNIGHT: Final = re.compile(
    rf"(?:every )?(?:other|second|2nd|two|2) (?:weeks?|{DAY_NAME})(?: .*)?"
    "|bi-?weekly|fortnightly|every fortnight"
)
UNEVEN: Final = re.compile(
    r"(?:every|each) (?:other|second|third|\d+|[a-z]+) (?:days?|weeks?|months?|years?)"
)
WITHOUT_DAY: Final = {
    "weekly": "every Monday 09:00",
    "every week": "every Monday 09:00",
    "monthly": "1st of the month 09:00",
    "every month": "1st of the month 09:00",
    "yearly": "cron 0 9 31 1 * for 31 January",
    "annually": "cron 0 9 31 1 * for 31 January",
    "every year": "cron 0 9 31 1 * for 31 January",
}


class Unread(WhenError):
    """Words that are no rule at all; other refusals know what was meant."""

    def __init__(self, words: str) -> None:
        shown = words if len(words) <= SHOWN else f"{words[: SHOWN - 1]}…"
        super().__init__(f"{shown!r} is not understood as a time to post: write for example {EXAMPLES}.")


def read_words(words: Sequence[str]) -> str:
    """Return the cron expression of a rule in words, without a zone.

    Raises:
        Unread: they are no rule.
        WhenError: they are nearly one, or could mean two.
    """
    phrase = _simple(" ".join(words))
    if found := INTERVAL.fullmatch(phrase):
        return _interval(found)
    timed = DAYS_FIRST.fullmatch(phrase) or TIMES_FIRST.fullmatch(phrase)
    days = _days(timed["days"] if timed else phrase)
    if timed is None:
        raise WhenError(f"{phrase!r} says no time: write for example {phrase} 09:00.")
    if "midnight" in timed["times"] and days != ANY_DAY:
        raise WhenError("Midnight could be where that day begins or ends: write 00:00 for its beginning.")
    minutes, hours = _times(timed["times"])
    day, month, weekday = days
    return f"{minutes} {hours} {day} {month} {weekday}"


def _simple(text: str) -> str:
    """Return words in lower case, without the punctuation that does not matter."""
    text = re.sub(r"[,;&/()\"“”]", " ", text.lower().replace("a.m.", "am").replace("p.m.", "pm"))
    text = re.sub(r"(?<=[a-z])\.|\bo['’]clock\b", " ", re.sub("[‐-―−]", "-", text))
    return " ".join(text.split())


def _interval(found: re.Match[str]) -> str:
    written = found["count"] or "1"
    count = NUMBERS.get(written) or int(written)
    minutes = PARTS_OF_AN_HOUR.get(
        found["part"] or "", count if (found["unit"] or "").startswith("min") else 0
    )
    if minutes in {60 * hours for hours in WHOLE_HOURS}:
        count, minutes = minutes // 60, 0
    if (minutes or count) == 0 or 0 < minutes < OFTENEST:
        raise WhenError(
            f"Nothing is posted more often than every {OFTENEST} minutes: write for example every 30 minutes."
        )
    if minutes and minutes not in WHOLE_MINUTES:
        raise WhenError(
            f"Every {minutes:,} minutes does not divide the hour evenly: "
            f"write every {_either(WHOLE_MINUTES)} minutes, or hours."
        )
    if not minutes and count not in WHOLE_HOURS:
        raise WhenError(
            f"Every {count:,} hours does not divide the day evenly: "
            f"write every {_either(WHOLE_HOURS[1:])} hours, or a day and a time."
        )
    return f"*/{minutes} * * * *" if minutes else f"0 {'*' if count == 1 else f'*/{count}'} * * *"


def _times(text: str) -> tuple[str, str]:
    """Return the fields for minutes and hours of a list of times."""
    times = set()
    for written in re.findall(HOUR, text):
        times.add(_time(written))
    hours, minutes = sorted({hour for hour, _ in times}), sorted({minute for _, minute in times})
    if len(hours) * len(minutes) != len(times):
        raise WhenError("These times do not fit into one rule: make a schedule for each of them.")
    return ",".join(map(str, minutes)), ",".join(map(str, hours))


def _time(written: str) -> tuple[int, int]:
    if written in {"noon", "midday"}:
        return 12, 0
    if written == "midnight":
        return 0, 0
    found = TIME.fullmatch(written)
    hour, minute = (int(found["hour"]), int(found["minute"] or 0)) if found else (24, 0)
    half = found["half"] if found else None
    if found and found["minute"] and len(found["minute"]) == 1:
        minute = 60
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12):
        raise WhenError(f"{written!r} is no time: write one from 00:00 to 23:59, or such as 9am.")
    return (hour % 12 + 12 * (half == "pm") if half else hour), minute


def _days(text: str) -> tuple[str, str, str]:
    """Return the fields for days, months and days of the week."""
    if text in WITHOUT_DAY:
        raise WhenError(f"{text!r} does not say on which day: write for example {WITHOUT_DAY[text]}.")
    if month := OF_THE_MONTH.fullmatch(text):
        return _days_of_month(EVERY.sub("", month[1], count=1) if EVERY.match(month[1]) else month[1])
    if FORTNIGHT.fullmatch(text):
        raise WhenError(
            "A rule has no memory of weeks: write for example first and third Monday of the month 09:00."
        )
    if UNEVEN.fullmatch(text):
        raise WhenError(
            f"{text!r} does not fit into each week or month: name the days, as in Mon, Wed and Fri 09:00."
        )
    if INTERVAL.fullmatch(text):
        raise WhenError(
            f"{text!r} is counted from 00:00 and takes no time: leave the time out, or name days."
        )
    head = EVERY.match(text)
    plain = text[head.end() :] if head else text
    match plain:
        case "day" | "daily" | "everyday":
            return ANY_DAY
        case "weekday" | "weekdays":
            return "*", "*", "1-5"
        case "weekend" | "weekends":
            return "*", "*", "0,6"
    if (weekdays := _weekdays(plain)) is not None:
        return "*", "*", ",".join(map(str, sorted(weekdays)))
    if (found := _ordinals(plain.split())) and found[1] in {"", "day", *DAY_NAMES}:
        raise WhenError(f"{text!r} does not say of what: write {plain} of the month.")
    raise Unread(text)


def _weekdays(text: str) -> Collection[int] | None:
    """Return the days of a list such as "mon-wed and fri", or None where there is another word in it."""
    days = set()
    for first, last in RANGE.findall(text):
        length = (DAY_NAMES[last] - DAY_NAMES[first]) % 7
        days |= {(DAY_NAMES[first] + more) % 7 for more in range(length + 1)}
    for word in RANGE.sub(" ", text).split():
        if word in DAY_NAMES:
            days.add(DAY_NAMES[word])
        elif word not in {"and", "on", "every"}:
            return None
    return days or None


def _ordinals(words: Sequence[str]) -> tuple[list[int], str] | None:
    """Return the numbers that words begin with, the last as 0, and the words after them."""
    numbers = []
    for place, word in enumerate(words):
        if word == "last":
            numbers.append(0)
        elif word in ORDINALS:
            numbers.append(ORDINALS[word])
        elif word not in {"and", "the"}:
            return (numbers, " ".join(words[place:])) if numbers else None
    return (numbers, "") if numbers else None


def _days_of_month(text: str) -> tuple[str, str, str]:
    found = _ordinals(text.split())
    if found is None:
        raise Unread(text)
    numbers, noun = found
    if noun in DAY_NAMES:
        if any(number > 4 for number in numbers):
            raise WhenError("Not every month has five of a day: write first to fourth, or last.")
        weekday = DAY_NAMES[noun]
        return "*", "*", ",".join(f"{weekday}#{one}" if one else f"{weekday}L" for one in _ascending(numbers))
    if noun == "weekday" and numbers == [0]:
        return "LW", "*", "*"
    if noun not in {"", "day", "days"}:
        raise Unread(text)
    for number in numbers:
        if number > SHORTEST_MONTH:
            raise WhenError(
                f"Not every month has {number} days: write last day of the month, "
                f"or cron 0 9 {number} * * for the months that have it."
            )
    return ",".join(str(one) if one else "L" for one in _ascending(numbers)), "*", "*"


def _ascending(numbers: Collection[int]) -> list[int]:
    """Sort ordinals; 0, the last, comes last."""
    return sorted(set(numbers), key=lambda one: (one == 0, one))


def _either(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} or {last}"


def write_words(pattern: Pattern) -> str:
    """Return the words that read back as a pattern; empty where only cron says it."""
    cron = pattern.cron
    days = _days_in_words(cron)
    hours, minutes = sorted(cron.hours), sorted(cron.minutes)
    if days == "every day" and minutes == [0] and hours in [list(range(0, 24, step)) for step in WHOLE_HOURS]:
        step = 24 // len(hours)
        return "every hour" if step == 1 else f"every {step} hours"
    if (
        days == "every day"
        and len(hours) == 24
        and minutes in [list(range(0, 60, one)) for one in WHOLE_MINUTES]
    ):
        return f"every {60 // len(minutes)} minutes"
    if not days or len(pattern.times) > MOST_TIMES:
        return ""
    return f"{days} {_and([f'{one:%H:%M}' for one in pattern.times])}"


def _days_in_words(cron: CronSim) -> str:
    weekdays = {one if isinstance(one, int) else (one[0] % 7, one[1]) for one in cron.weekdays}
    plain = {one % 7 for one in weekdays if isinstance(one, int)}
    nth = [one for one in weekdays if not isinstance(one, int)]
    any_day, any_weekday = len(cron.days) >= 31, len(plain) == 7
    if len(cron.months) < 12:
        return ""
    # Without a star in either field, cron joins them with "or": then one that has every day decides alone.
    if (any_day and any_weekday) or (not cron.day_and and (any_day or any_weekday)):
        return "every day"
    if not cron.day_and or (not any_day and not any_weekday):
        return ""
    if any_weekday:
        return _month_days_in_words(cron.days)
    if nth:
        return _nth_in_words(nth) if not plain else ""
    if plain == {1, 2, 3, 4, 5}:
        return "every weekday"
    return f"every {_and([WEEKDAYS[one] for one in sorted(plain, key=lambda day: (day - 1) % 7)])}"


def _month_days_in_words(days: Collection[int]) -> str:
    if days == {CronSim.LAST}:
        return "last day of the month"
    if days == {CronSim.LAST_WEEKDAY}:
        return "last weekday of the month"
    if min(days) < 1 or max(days) > SHORTEST_MONTH or len(days) > MOST_TIMES:
        return ""
    spelled = {number: word for word, number in ORDINALS.items()}
    return f"{_and([spelled[one] for one in sorted(days)])} of the month"


def _nth_in_words(nth: Collection[tuple[int, int]]) -> str:
    weekdays = {weekday for weekday, _ in nth}
    numbers = _ascending([max(number, 0) for _, number in nth])
    if len(weekdays) > 1 or max(numbers) > 4:
        return ""
    names = {0: "last"} | {number: word for word, number in ORDINALS.items() if word.isalpha()}
    return f"{_and([names[one] for one in numbers])} {WEEKDAYS[weekdays.pop()]} of the month"


def _and(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
