"""Tickets: what she says at the desk, a noun and a number ("Tulip 27", "Тюльпан 27", "Қызғалдақ 27").

The number alone is unique per location and service day and grows by 1 to 3 at random, so that it
counts nobody. The noun is what she knows and the roster does not show: the desk finds a card by
number and first letter, in any of the three languages.

Nouns are things nobody minds saying aloud in a corridor. Left out on purpose: words with a second
meaning about women, bodies or medicine (butterfly, candle, needle, ribbon, poppy, umbrella), and
words that the page uses for something else (window, hour). A noun is stored by its place in this
list: only ever append.
"""

import secrets

from clinic.db import Text3

_NOUNS = """
tulip тюльпан қызғалдақ · apple яблоко алма · river река өзен · mountain гора тау · bridge мост көпір
sun солнце күн · moon луна ай · star звезда жұлдыз · cloud облако бұлт · rain дождь жаңбыр · snow снег қар
forest лес орман · birch берёза қайың · leaf лист жапырақ · lake озеро көл · sea море теңіз · stone камень тас
swan лебедь аққу · crane журавль тырна · owl сова үкі · horse лошадь жылқы · camel верблюд түйе
hedgehog ёж кірпі · squirrel белка тиін · deer олень бұғы · hare заяц қоян · book книга кітап · key ключ кілт
table стол үстел · cup чашка кесе · plate тарелка тәрелке · teapot чайник шәйнек · bread хлеб нан
honey мёд бал · salt соль тұз · tea чай шай · lemon лимон лимон · orange апельсин апельсин · pear груша алмұрт
grapes виноград жүзім · cherry вишня шие · apricot абрикос өрік · pumpkin тыква асқабақ · carrot морковь сәбіз
walnut орех жаңғақ · wheat пшеница бидай · drum барабан барабан · violin скрипка скрипка · basket корзина себет
boat лодка қайық · train поезд пойыз · anchor якорь зәкір · mirror зеркало айна · island остров арал
valley долина аңғар · jasmine жасмин жасмин · edelweiss эдельвейс эдельвейс · amber янтарь кәріптас
eagle орёл бүркіт · dolphin дельфин дельфин · elephant слон піл · zebra зебра зебра · penguin пингвин пингвин
giraffe жираф керік · turtle черепаха тасбақа · violet фиалка шегіргүл · mill мельница диірмен · oak дуб емен
fir ель шырша · ice лёд мұз · nightingale соловей бұлбұл · garden сад бақ · rice рис күріш
fountain фонтан фонтан · notebook тетрадь дәптер · echo эхо жаңғырық · nest гнездо ұя · jug кувшин құмыра
iris ирис ирис · quince айва айва
"""  # fmt: skip


def _read(text: str) -> tuple[Text3, ...]:
    triples = (item.split() for line in text.strip().splitlines() for item in line.split("·"))
    return tuple(Text3(kk.capitalize(), ru.capitalize(), en.capitalize()) for en, ru, kk in triples)


NOUNS: tuple[Text3, ...] = _read(_NOUNS)

_FOLD = str.maketrans({"ё": "е"})


def noun_words(index: int, language: str) -> str:
    """The noun with this number, in one of the site's languages."""
    return NOUNS[index][language]


def fold(letter: str) -> str:
    """A letter as it is compared: lower case, ё as е; "" for nothing."""
    return letter.strip()[:1].lower().translate(_FOLD)


def letters(index: int) -> frozenset[str]:
    """First letters of a noun in the three languages, folded: any of them opens the card."""
    noun = NOUNS[index]
    return frozenset(fold(word) for word in (noun.kk, noun.ru, noun.en))


def any_noun() -> int:
    """A noun for a new ticket, unpredictable."""
    return secrets.randbelow(len(NOUNS))


def step() -> int:
    """By how much the next ticket number grows: 1, 2 or 3."""
    return 1 + secrets.randbelow(3)
