"""A table of spellings: what a name that somebody types should come to, among some eighty things.

The people and bodies of the topic area are real; everybody else is made up, with surnames as crowded as in
life. `names_table.txt` has one `query<TAB>outcome<TAB>ids` a line: `found` one id, `found~` one id by a near
miss, `ask` the ids that must be among the choices, `none` what must be among the near names, if anything.
Lines that begin with `# ` are headings.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bot.facts.names import Named

_PEOPLE = """
german-gref | German Gref | Герман Греф; Herman Gref | 40
vladimir-putin | Vladimir Putin | Владимир Путин; V. Putin; 弗拉基米尔·普京; 普京 | 90
xi-jinping | Xi Jinping | 习近平; Си Цзиньпин | 80
mikhail-mishustin | Mikhail Mishustin | Михаил Мишустин | 30
alexander-vedyakhin | Alexander Vedyakhin | Александр Ведяхин; A. Vedyakhin; Vedyakhin | 20
dmitry-peskov | Dmitry Peskov | Дмитрий Песков | 12
sergey-lavrov | Sergey Lavrov | Сергей Лавров | 14
yevgeny-primakov | Yevgeny Primakov | Евгений Примаков | 3
volodymyr-zelensky | Volodymyr Zelensky | Володимир Зеленський | 25
emmanuel-macron | Emmanuel Macron | | 9
wang-yi | Wang Yi | 王毅 | 15
wang-wei | Wang Wei | 王伟 | 2
wang-fang | Wang Fang | 王芳 | 2
wang-jun | Wang Jun | 王军 | 1
wang-xiaohong | Wang Xiaohong | 王小洪 | 4
li-qiang | Li Qiang | 李强 | 8
zhang-guoqing | Zhang Guoqing | 张国清 | 3
anton-ivanov | Anton Ivanov | Антон Иванов | 5
andrei-ivanov | Andrei Ivanov | Андрей Иванов | 4
sergei-ivanov | Sergei Ivanov | Сергей Иванов | 6
ivan-ivanov | Ivan Ivanov | Иван Иванов | 1
maria-ivanova | Maria Ivanova | Мария Иванова | 2
anna-mueller | Anna Müller | | 3
thomas-muller | Thomas Muller | | 2
robert-mueller | Robert Mueller | | 7
kim-jong-un | Kim Jong-un | 김정은; Ким Чен Ын | 11
kim-min-ji | Kim Min-ji | | 1
daniel-kim | Daniel Kim | | 1
lucia-garcia | Lucía García | | 2
jose-garcia | José García | | 3
gabriel-garcia-moreno | Gabriel García Moreno | | 1
lukasz-kowalczyk | Łukasz Kowalczyk | | 2
soren-kjaer | Søren Kjær | | 1
francois-lefevre | François Lefèvre | | 2
noel-d-angelo | Noël D'Angelo | | 1
siobhan-o-rourke | Siobhán O'Rourke | | 1
pyotr-chaikov | Pyotr Chaikov | Пётр Чайков | 1
shcherbatov | Fyodor Shcherbatov | Фёдор Щербатов | 1
yulia-zhukova | Yulia Zhukova | Юлия Жукова | 2
alexander-petrov | Alexander Petrov | Александр Петров | 2
alexei-petrov | Alexei Petrov | Алексей Петров | 1
ada-okafor | Ada Okafor | Ада Окафор; Окафор | 5
ben-okafor | Ben Okafor | | 1
"""

_OTHERS = """
sberbank | Sberbank | Сбербанк; Sber; Сбер | 60
sber-ai | Sber AI | | 5
vtb | VTB Bank | ВТБ | 4
brics | BRICS | БРИКС | 35
kremlin | The Kremlin | Кремль | 33
tortoise-media | Tortoise Media | Tortoise | 10
tortoise-islands | Tortoise Islands | | 1
global-ai-index | Global AI Index | | 10
reuters | Reuters | Рейтер | 18
china | China | Китай; 中国; PRC | 50
china-daily | China Daily | | 3
russia | Russia | Россия; Russian Federation; RF | 70
bank-of-russia | Bank of Russia | Банк России; Central Bank of Russia | 6
united-states | United States | U.S.; USA; США | 20
united-nations | United Nations | UN; ООН | 7
un-women | UN Women | | 1
ministry-of-finance | Ministry of Finance | | 4
ministry-of-defence | Ministry of Defence | | 4
skoda | Škoda | | 2
zoological-museum | Musée zoologique de Genève | | 1
tsinghua-university | Tsinghua University | 清华大学 | 4
the-guardian | The Guardian | | 3
g7 | G7 | Group of Seven | 4
g20 | G20 | Group of Twenty | 5
ernst-young | Ernst & Young | EY | 1
kyiv | Kyiv | Київ; Kiev; Киев | 6
gazprom | Gazprom | Газпром | 8
gazprombank | Gazprombank | Газпромбанк | 4
rosneft | Rosneft | Роснефть | 4
rostec | Rostec | Ростех | 4
rosatom | Rosatom | Росатом | 4
yandex | Yandex | Яндекс | 6
alibaba-group | Alibaba Group | 阿里巴巴 | 5
gpu | graphics processing unit | GPU; GPUs | 9
ai | artificial intelligence | AI; A.I.; ИИ | 66
"""


class Expected(NamedTuple):
    """A row of the table."""

    query: str
    outcome: str
    near: bool
    ids: tuple[str, ...]


def things() -> list[Named]:
    """Return all named things, as the compiler gives them: the words of the id are a spelling too."""
    people, others = _PEOPLE.strip().splitlines(), _OTHERS.strip().splitlines()
    found = []
    for key, line in enumerate(people + others):
        thing_id, label, also, facts = (part.strip() for part in line.split("|"))
        spellings = tuple(part.strip() for part in also.split(";") if part.strip())
        spellings = (*spellings, thing_id.replace("-", " "))
        found.append(Named("entity", key, 1, thing_id, label, spellings, int(facts), key < len(people)))
    return found


def rows() -> list[Expected]:
    """Return the rows of the table."""
    found = []
    for line in Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines():
        if line and not line.startswith("# "):
            query, outcome, *ids = line.split("\t")
            near = outcome.endswith("~")
            found.append(Expected(query, outcome.rstrip("~"), near, tuple(" ".join(ids).split())))
    return found
