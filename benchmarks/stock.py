"""Made-up names and words, drawn from a seed: nobody and nothing real is meant by any of them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

# Each with its Cyrillic spelling, so that a name and its `also` stand for one another.
_SLAVIC_GIVEN: Final = (
    *(("Anton", "Антон"), ("Boris", "Борис"), ("Vera", "Вера"), ("Galina", "Галина"), ("Denis", "Денис")),
    *(("Yelena", "Елена"), ("Igor", "Игорь"), ("Ksenia", "Ксения"), ("Lev", "Лев"), ("Marina", "Марина")),
    *(("Nikita", "Никита"), ("Olga", "Ольга"), ("Pavel", "Павел"), ("Roman", "Роман"), ("Timur", "Тимур")),
)
_SLAVIC: Final = (
    *(("ba", "ба"), ("vo", "во"), ("go", "го"), ("da", "да"), ("zhe", "же"), ("za", "за"), ("ko", "ко")),
    *(("la", "ла"), ("mu", "му"), ("ne", "не"), ("pa", "па"), ("ri", "ри"), ("so", "со"), ("tu", "ту")),
    *(("fo", "фо"), ("khu", "ху"), ("che", "че"), ("shu", "шу"), ("ru", "ру"), ("li", "ли")),
)
_SLAVIC_ENDS: Final = (
    *(("nov", "нов"), ("lev", "лев"), ("kin", "кин"), ("menko", "менко"), ("sky", "ский"), ("rina", "рина")),
)
_CHINESE_FAMILY: Final = (
    *(("Wang", "王"), ("Li", "李"), ("Zhang", "张"), ("Liu", "刘"), ("Chen", "陈"), ("Yang", "杨")),
    *(("Zhao", "赵"), ("Huang", "黄"), ("Zhou", "周"), ("Wu", "吴"), ("Xu", "徐"), ("Sun", "孙")),
    *(("Hu", "胡"), ("Zhu", "朱"), ("Gao", "高"), ("Lin", "林"), ("He", "何"), ("Guo", "郭")),
)
_CHINESE: Final = (
    *(
        ("wei", "伟"),
        ("fang", "芳"),
        ("na", "娜"),
        ("min", "敏"),
        ("jing", "静"),
        ("li", "丽"),
        ("qiang", "强"),
    ),
    *(
        ("lei", "磊"),
        ("jun", "军"),
        ("yang", "洋"),
        ("yong", "勇"),
        ("yan", "艳"),
        ("jie", "杰"),
        ("tao", "涛"),
    ),
    *(
        ("ming", "明"),
        ("chao", "超"),
        ("xia", "霞"),
        ("ping", "平"),
        ("gang", "刚"),
        ("hua", "华"),
        ("bo", "波"),
    ),
)


def _several(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LATIN_GIVEN: Final = _several(
    "Ada Bruno Carla David Emma Felix Grace Hugo Irene Jonas Kate Leo Maria Noah Olive Peter Rosa Simon"
)
_MARKED_GIVEN: Final = _several("André Björn Chloë Dušan Élise Søren Jürgen Łukasz Münevver Noël Öznur Žofia")
_MARKED: Final = _several("Bå Çe Dvo Gü Jä Kö Łą Mü Ñu Ør Pé Řez Sé Şa Tö Vá Zé")
_MARKED_ENDS: Final = _several("ček ğlu lström mann nès řová stad tić vão ñez")
_SYLLABLES: Final = _several(
    "ba ce di fo gu ha ju ka le mi no pu ra se ti vo wa ze bran clo dri fle gra pla sto tre nal mer tis ron"
)
_ENDINGS: Final = ("", "", "", "s", "ed", "ing", "er", "tion", "al")
_COMMON: Final = _several(
    "the of and to in a for on that with by from at as its will new more over under after before between"
)
WORDS: Final = 20_000
SURNAMES: Final = 300


class Name(NamedTuple):
    """A name and its other spellings."""

    label: str
    also: tuple[str, ...] = ()


class Zipf:
    """Draws numbers from 0 to below `count`: the k-th is k times rarer than the first (Zipf's law)."""

    def __init__(self, count: int, random: Random) -> None:
        self._choices = random.choices
        self._random = random.random
        self._sums = list(accumulate(1 / (k + 1) for k in range(count)))

    def draw(self) -> int:
        """Draw one number."""
        return bisect(self._sums, self._random() * self._sums[-1], hi=len(self._sums) - 1)

    def pick(self, things: Sequence[str], count: int) -> list[str]:
        """Draw several of as many things as there are numbers."""
        return self._choices(things, cum_weights=self._sums, k=count)


class Stock:
    """Names of people and organisations, and words; the same `random` gives the same ones."""

    def __init__(self, random: Random) -> None:
        self.random = random
        words = dict.fromkeys(_COMMON)
        while len(words) < WORDS:
            words[self._coin()] = None
        self.words = tuple(words)
        self._zipf = Zipf(len(self.words), random)
        self._slavic = [self._slavic_surname() for _ in range(SURNAMES)]
        self._latin = [self._coin().title() for _ in range(SURNAMES)]
        self._marked = [random.choice(_MARKED) + random.choice(_MARKED_ENDS) for _ in range(SURNAMES)]
        # The first surnames are borne by very many, as they are anywhere.
        self._crowd = Zipf(SURNAMES, random)

    def text(self, words: int) -> str:
        """Return so many words, the common ones most often."""
        return " ".join(self._zipf.pick(self.words, words))

    def rare_word(self) -> str:
        """Return a word, all of them equally often."""
        return self.words[self.random.randrange(len(_COMMON), WORDS)]

    def person(self) -> Name:
        """Return a person's name: Slavic, Chinese, Latin or with diacritics."""
        pick, place = self.random.choice, self._crowd.draw()
        match self.random.randrange(10):
            case 0 | 1 | 2 | 3:
                given, family = pick(_SLAVIC_GIVEN), self._slavic[place]
                return Name(f"{given[0]} {family[0]}", (f"{given[1]} {family[1]}",))
            case 4 | 5:
                family = _CHINESE_FAMILY[place % len(_CHINESE_FAMILY)]
                parts = [pick(_CHINESE) for _ in range(self.random.randint(1, 2))]
                written = family[1] + "".join(part[1] for part in parts)
                return Name(f"{family[0]} {''.join(part[0] for part in parts).title()}", (written,))
            case 6 | 7:
                return Name(f"{pick(_MARKED_GIVEN)} {self._marked[place]}")
            case _:
                return Name(f"{pick(_LATIN_GIVEN)} {self._latin[place]}")

    def organisation(self) -> Name:
        """Return an organisation's name; some have a Cyrillic spelling, some an abbreviation."""
        coined, pick = self._coin().title(), self.random.choice
        match self.random.randrange(4):
            case 0:
                root = [pick(_SLAVIC) for _ in range(3)]
                latin, cyrillic = ("".join(part[n] for part in root).capitalize() for n in (0, 1))
                return Name(f"{latin} Bank", (f"{cyrillic} Банк",))
            case 1:
                words = f"{coined} Institute of {self._coin().title()} Research"
                return Name(
                    words, ("".join(word[0] for word in words.split() if word != "of") + coined[:3].upper(),)
                )
            case 2:
                return Name(f"Ministry of {coined} and {self._coin().title()}")
            case _:
                return Name(f"{coined} {pick(('Group', 'Works', 'Union', 'Agency', 'Press', 'Lines'))}")

    def thing(self) -> Name:
        """Return the name of a place, product, group, document or index: one or two coined words."""
        return Name(" ".join(self._coin().title() for _ in range(self.random.randint(1, 2))))

    def _coin(self) -> str:
        pick = self.random.choice
        return "".join(pick(_SYLLABLES) for _ in range(self.random.randint(2, 4))) + pick(_ENDINGS)

    def _slavic_surname(self) -> tuple[str, str]:
        parts = [self.random.choice(_SLAVIC) for _ in range(self.random.randint(1, 2))]
        parts.append(self.random.choice(_SLAVIC_ENDS))
        latin, cyrillic = ("".join(part[n] for part in parts).capitalize() for n in (0, 1))
        return latin, cyrillic
