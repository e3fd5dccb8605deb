"""Bytes to characters, and characters that no text keeps: line ends, controls, ligatures, private bullets."""

import codecs
import re
from functools import lru_cache
from typing import Final

from extractor.errors import CorruptFile, UnsupportedFormat

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_ENDS: Final = re.compile("\r\n|[\r\f\v\x85\u2028\u2029]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_UTF16_SAMPLE_BYTES: Final = 2_000

TYPESETTING: Final = str.maketrans(
    {
        **{
            "\ufb00": "ff",
            "\ufb01": "fi",
            "\ufb02": "fl",
            "\ufb03": "ffi",
            "\ufb04": "ffl",
            "\ufb05": "st",
            "\ufb06": "st",
        },
        **{"\u00ad": "", "\u200b": "", "\ufeff": "", "\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u2011": "-"},
        **{"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓", "\uf076": "❖", "\uf0a8": "◦", "\uf02d": "-"},
        **{"\uf0e0": "→", "\uf0fe": "☑", "\uf06f": "☐", "\uf0be": "–", "\uf0ad": "•"},
    }
)
"""Ligatures, invisible characters, fixed spaces and the private codes of symbol fonts, to what a reader sees."""


def clean(text: str) -> str:
    """LF line ends, spaces for control characters, no byte order mark at the start, no white space at the end."""
    text = _LINE_ENDS.sub("\n", text.removeprefix("\ufeff"))
    text = _CONTROLS.sub(" ", text)
    return _SURROGATES.sub("\ufffd", text).rstrip()


def plain(text: str) -> str:
    """The characters of a typeset document as they would be typed."""
    return clean_run(_PRIVATE.sub("•", text.translate(TYPESETTING)))


@lru_cache(maxsize=4_096)
def plain_character(character: str) -> str:
    """What a character of a typeset document is typed as: none, one, or the letters of a ligature."""
    return plain(character)


def clean_run(text: str) -> str:
    """A stretch of a line without control characters and lone surrogates; white space at its ends is kept."""
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text))


def decode(data: bytes, encoding: str | None = None, declared: str | None = None) -> tuple[str, str]:
    """The text and the name of its encoding.

    Tried in this order: the encoding asked for, a byte order mark, UTF-16 by its zero bytes, strict UTF-8, the one
    that the file declares, cp1252, latin-1.

    Raises:
        UnsupportedFormat: there is no encoding of the name asked for.
        CorruptFile: the bytes are not of the encoding asked for.
    """
    if encoding is not None:
        return _decode_as(data, encoding)
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, errors="replace"), name
    wide = _utf16(data)
    for name in (wide or "utf-8", declared or "cp1252", "cp1252"):
        try:
            return data.decode(name), codecs.lookup(name).name
        except (ValueError, LookupError):
            continue
    return data.decode("latin-1"), "latin-1"


def _decode_as(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        name = codecs.lookup(encoding).name
        text = data.decode(name)
    except LookupError as error:
        raise UnsupportedFormat("there is no encoding of the name given") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise CorruptFile(f"the bytes are not {name}") from error
    return text.removeprefix("\ufeff"), name


def _utf16(data: bytes) -> str | None:
    """The byte order of UTF-16 without a mark: Latin text has every second byte zero."""
    sample = data[:_UTF16_SAMPLE_BYTES]
    half = len(sample) // 2
    if half < 2:
        return None
    if sample[1::2].count(0) > 0.7 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None
