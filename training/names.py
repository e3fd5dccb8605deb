"""First names and surnames to put in the place of those of a document. Source: the word lists of Faker (MIT)."""

from dataclasses import dataclass
from importlib import import_module
from typing import Final

LOCALES: Final = (
    *("en_GB", "en_US", "en_IE", "en_IN", "en_NZ", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL"),
    *("fi_FI", "sv_SE", "no_NO", "da_DK", "pt_PT", "cs_CZ", "tr_TR", "hr_HR", "ro_RO", "hu_HU", "yo_NG"),
)


@dataclass(frozen=True, slots=True)
class NamePools:
    """Capitalised single words, sorted."""

    first_names: tuple[str, ...]
    surnames: tuple[str, ...]


def load_pools() -> NamePools:
    """The names of all LOCALES; English ones count three times, so that they stay the most frequent."""
    first: list[str] = []
    last: list[str] = []
    for locale in LOCALES:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        weight = 3 if locale.startswith("en_") else 1
        first += weight * _words(provider, "first_names", "first_names_male", "first_names_female")
        last += weight * _words(provider, "last_names", "last_names_male", "last_names_female")
    return NamePools(tuple(sorted(first)), tuple(sorted(last)))


def _words(provider: type, *lists: str) -> list[str]:
    words = {str(name) for attribute in lists for name in getattr(provider, attribute, ()) or ()}
    return [word for word in sorted(words) if word.isalpha() and word.istitle()]
