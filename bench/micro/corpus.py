"""The texts that every implementation gets, six kinds in equal numbers, each text different.

CPython keeps a string's UTF-8 with the string, so a corpus that is used twice flatters whoever asks for it: `fresh`
makes new `str` objects, and each round gets its own.
"""

from __future__ import annotations

import random

KINDS = ("short English", "extension characters", "emoji", "Cyrillic", "Chinese", "10 segments")
ENGLISH = (  # noqa: SIM905  # words are easier to read so
    "your code is order parcel today tomorrow at the delivery has been shipped track it here call us meeting moved to "
    "table for two confirmed thank you balance payment received due on reply stop to opt out hello see you soon"
).split()
RUSSIAN = (  # noqa: SIM905  # as above
    "ваш код заказ доставлен сегодня завтра в магазине спасибо за покупку оплата получена встреча перенесена на вечер "
    "позвоните нам пожалуйста ответьте стоп чтобы отписаться привет до скорого"
).split()
CHINESE = "您的验证码是请勿泄露给他人订单已发货预计明天送达感谢支持会议改到下午三点如有疑问联系客服回复退订谢账户余额"
EMOJI = ("😀", "🎉", "👍🏽", "❤️", "👩‍👩‍👧", "🚚", "🇸🇪", "☕")
SIGNS = ("€", "[x]", "{id}", "a|b", "~5", "x^2", "c:\\d")


def _words(chance: random.Random, words: list[str], length: int) -> str:
    out = ""
    while len(out) < length:
        out += chance.choice(words) + chance.choice((" ", " ", " ", ", ", ". ", " 12", "! "))
    return out[:length]


def _text(chance: random.Random, kind: str) -> str:  # noqa: PLR0911  # one for each kind
    match kind:
        case "short English":
            return _words(chance, ENGLISH, chance.randint(20, 150)).capitalize()
        case "extension characters":
            words = _words(chance, ENGLISH, chance.randint(20, 120)).split(" ")
            for _ in range(chance.randint(1, 4)):
                words.insert(chance.randrange(len(words)), chance.choice(SIGNS))
            return " ".join(words)
        case "emoji":
            words = _words(chance, ENGLISH, chance.randint(15, 80)).split(" ")
            for _ in range(chance.randint(1, 4)):
                words.insert(chance.randrange(len(words)), chance.choice(EMOJI))
            return " ".join(words)
        case "Cyrillic":
            return _words(chance, RUSSIAN, chance.randint(20, 130)).capitalize()
        case "Chinese":
            return "".join(chance.choices(CHINESE, k=chance.randint(10, 90)))
        case _:
            if chance.random() < 0.5:  # 7-bit, with pairs where parts end
                text = _words(chance, ENGLISH, 1440)
                return "".join(c if chance.random() > 0.02 else "€" for c in text)
            text = _words(chance, RUSSIAN, 640)
            return "".join(c if chance.random() > 0.02 else "🎉" for c in text)


def corpus(each: int = 200, seed: int = 23038) -> dict[str, list[str]]:
    """`each` texts of each kind."""
    chance = random.Random(seed)
    return {kind: [_text(chance, kind) for _ in range(each)] for kind in KINDS}


def fresh(texts: list[str]) -> list[str]:
    """Equal texts in new objects that carry no cached form."""
    return [octets.decode("utf-16-le") for octets in [text.encode("utf-16-le") for text in texts]]


def fresh_bytes(bodies: list[bytes]) -> list[bytes]:
    """Equal octets in new objects."""
    return [bytes(bytearray(body)) for body in bodies]
