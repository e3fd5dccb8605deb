"""Quantities as minutes write them: value, high end of a range, unit; what is not read stays None."""

import re
from dataclasses import dataclass
from typing import Final

CURRENCIES: Final = {
    "A$": "AUD", "AU$": "AUD", "AUD": "AUD", "C$": "CAD", "CA$": "CAD", "CAD": "CAD", "NZ$": "NZD", "S$": "SGD",
    "SGD": "SGD", "US$": "USD", "USD": "USD", "HK$": "HKD", "$": "$", "£": "GBP", "GBP": "GBP", "€": "EUR",
    "EUR": "EUR", "¥": "JPY", "CHF": "CHF", "pounds": "GBP", "pound": "GBP", "euros": "EUR", "euro": "EUR",
    "dollars": "$", "dollar": "$", "quid": "GBP",
    "p": "pence", "pence": "pence", "c": "cents", "cents": "cents", "cent": "cents",
}  # fmt: skip
"""Sign or word to unit: an ISO code where it says the country, "$" where it does not."""
SCALES: Final = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "millions": 1e6, "bn": 1e9, "b": 1e9,
    "billion": 1e9, "tn": 1e12, "trillion": 1e12, "hundred": 1e2, "dozen": 12.0,
}  # fmt: skip
FRACTIONS: Final = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_PARTS: Final = {
    "third": 3.0,
    "thirds": 3.0,
    "quarter": 4.0,
    "quarters": 4.0,
    "half": 2.0,
    "halves": 2.0,
    "fifth": 5.0,
    "fifths": 5.0,
}
_SMALL: Final = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORDS: Final = {
    **{word: float(value) for value, word in enumerate(_SMALL)},
    **{word: 10.0 * value for value, word in enumerate(_TENS, 2)},
    "no": 0.0, "nil": 0.0, "none": 0.0, "half": 0.5, "a": 1.0, "an": 1.0, "single": 1.0, "both": 2.0, "once": 1.0,
    "twice": 2.0, "quarter": 0.25,
}  # fmt: skip

_MINUS: Final = r"[-\u2212\u2013\u2014]"
_CURRENCY: Final = r"(?P<currency>(?:AU|US|CA|NZ|HK|A|C|S)?\$|£|€|¥|\b(?:GBP|EUR|USD|AUD|CAD|SGD|CHF)\b)"
_NUMBER: Final = re.compile(
    rf"(?P<open>\()?\s?(?P<sign>{_MINUS}|\+)?\s{{0,2}}(?:{_CURRENCY}\s?)?(?P<inner>{_MINUS})?\s?"
    r"(?P<digits>\d{1,3}(?:[, \u00a0]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?/\s?(?P<denominator>\d{1,3})(?![\d/]))?"
    r"\s?(?P<scale>(?:k|m|mn|bn|b|tn)(?![a-z])|(?:thousand|millions?|billion|trillion|hundred|dozen)\b)?",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(r"\s{0,3}(?:[-\u2013\u2014]|\bto\b|\band\b|\bor\b)\s{0,3}", re.IGNORECASE)
_WORD: Final = re.compile(r"[a-z]+", re.IGNORECASE)
_ARTICLES: Final = frozenset(("a", "an", "and"))
_PERCENT: Final = re.compile(r"%|\bper\s?cent\b|\bpercent(?:age points?)?\b|\bpc\b", re.IGNORECASE)
_RATE: Final = re.compile(r"(?:\bper|\ba|\beach|\ban|/|\bevery)\s?(?P<per>[a-z][\w ]{1,30})$", re.IGNORECASE)
_MEASURE: Final = re.compile(r"[^\W\d_][\w./°³²-]*(?:\s[^\W\d_][\w./-]*){0,3}")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit; a percentage stays one (-0.3 with "%"), a scale word is multiplied out."""

    value: float
    value_high: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    value: float
    currency: str | None
    scale: float
    end: int
    is_negative: bool


def parse_quantity(text: str) -> Quantity | None:
    """The quantity that the text of a METRIC states, or None."""
    text = " ".join(text.split())
    match = _NUMBER.search(text)
    if match is None:
        sign = next((sign for sign in FRACTIONS if sign in text), None)
        return (
            Quantity(_tidy(FRACTIONS[sign]), None, _unit(None, text.partition(sign)[2])) if sign else _parse_spelt(text)
        )
    first = _part(match, text)
    second = None
    between = _RANGE.match(_after_unit(text, first.end))
    if between is not None:
        start = len(text) - len(_after_unit(text, first.end)) + between.end()
        behind = _NUMBER.match(text, start)
        second = _part(behind, text) if behind else None
    return _quantity(text, first, second)


def _after_unit(text: str, position: int) -> str:
    """What follows a percent sign or the like: in "74% - 94%" the range goes on behind it."""
    return re.sub(r"^\s?(?:%|per ?cent|hours?|weeks?|days?|FTE)", "", text[position:], count=1, flags=re.IGNORECASE)


def _quantity(text: str, first: _Part, second: _Part | None) -> Quantity:
    last = second or first
    currency = first.currency or (second.currency if second else None)
    unit = _unit(currency, text[last.end :])
    low, high = first.value * first.scale, None
    if second is not None:
        high = second.value * second.scale
        if first.scale == 1 and second.scale > 1 and first.value < second.value * second.scale / 100:
            low = first.value * second.scale
        if high < low and not first.is_negative:
            high = None
    return Quantity(_tidy(low), None if high is None else _tidy(high), unit)


def _part(match: re.Match[str], text: str) -> _Part:
    digits = re.sub(r"[, \u00a0]", "", match["digits"])
    value = float(digits)
    if match["denominator"] and float(match["denominator"]):
        value /= float(match["denominator"])
    bracketed = bool(match["open"]) and re.match(r"\s?%?\s?\)", text[match.end() :]) is not None
    minus = match["inner"] or (match["sign"] if match["sign"] != "+" else None)
    negative = bool(minus) or (bracketed and match.start() == 0)
    scale = SCALES[match["scale"].lower()] if match["scale"] else 1.0
    currency = CURRENCIES[match["currency"].upper()] if match["currency"] else None
    return _Part(-value if negative else value, currency, scale, match.end(), negative)


def _unit(currency: str | None, rest: str) -> str | None:
    rest = rest.strip(" )+.,").removesuffix("-").strip()
    if _PERCENT.match(rest):
        return "%"
    if not rest:
        return currency
    if currency is None:
        word = rest.split()[0].lower()
        currency = CURRENCIES.get(word)
        rest = rest[len(word) :].strip() if currency else rest
    rate = _RATE.search(rest)
    if currency:
        return f"{currency} per {rate['per'].strip()}" if rate else currency
    measure = _MEASURE.match(rest.removeprefix("(").strip())
    return measure.group() if measure else None


def _parse_spelt(text: str) -> Quantity | None:
    """ "four", "twenty-five weeks", "two hundred", "half a million"; the unit begins at the first word of none."""
    total, current, end, last = 0.0, 0.0, 0, 0
    for word in _WORD.finditer(text):
        spelt = word.group().lower()
        if text[last : word.start()].strip(" -") or not (end or spelt in WORDS or spelt in SCALES):
            break
        last = word.end()
        if spelt in _ARTICLES and end:
            continue
        if spelt in WORDS:
            current += WORDS[spelt]
        elif spelt in _PARTS and end:
            current /= _PARTS[spelt]
        elif spelt in SCALES and len(spelt) > 2:
            current = (current or 1.0) * SCALES[spelt]
            if SCALES[spelt] >= 1e3:
                total, current = total + current, 0.0
        else:
            break
        end = word.end()
    return Quantity(_tidy(total + current), None, _unit(None, text[end:])) if end else None


def _tidy(value: float) -> float:
    """Without the noise of binary fractions: 1.2 million is 1200000."""
    return round(value, 6)
