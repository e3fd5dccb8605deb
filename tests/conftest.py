"""Fixtures that several test modules share."""

from pathlib import Path

import numpy as np
import pytest
from spacy.language import Language
from tokenizers import Tokenizer

from extractor.alignment import load_tokenizer
from extractor.pipeline import load

WORDS = [
    "the",
    "chair",
    "ann",
    "lee",
    "will",
    "write",
    "to",
    "council",
    "by",
    "september",
    "meeting",
    "action",
    "cases",
    "rose",
    "5",
    ",",
    "271",
    "in",
    "2020",
    "/",
    "21",
    ".",
    ":",
    "a",
    "b",
    "l",
]


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A word-piece tokenizer of a few words, of every letter, and of every letter as a continuation."""
    letters = [chr(code) for code in range(33, 127)]
    special = ["[PAD]", "[unused1]", "[unused2]", "[unused3]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = dict.fromkeys([*special, *WORDS, *letters, *(f"##{letter}" for letter in letters)])
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("\n".join(pieces) + "\n", encoding="utf-8")
    return load_tokenizer(path)


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers in every run."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder with pyproject.toml."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def nlp() -> Language:
    """The released pipeline; tests that use it are marked `slow`."""
    return load()
