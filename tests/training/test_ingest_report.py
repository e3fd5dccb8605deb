from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.files import docx_of, p
from training.ingest_report import count_in_order, main, words_of


def longest(a: Sequence[str], b: Sequence[str]) -> int:
    rows = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            rows[i + 1][j + 1] = rows[i][j] + 1 if x == y else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30))
def test_longest_common_subsequence(known: list[str], read: list[str]) -> None:
    found = count_in_order(known, read)
    assert found == longest(known, read)
    blocks = SequenceMatcher(None, known, read, autojunk=False).get_matching_blocks()
    assert found >= sum(block.size for block in blocks)


def test_words() -> None:
    assert words_of("Zoe's £5 — Chair") == ["zoe", "s", "5", "chair"]


def test_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    originals, texts = tmp_path / "originals", tmp_path / "texts"
    originals.mkdir()
    texts.mkdir()
    for stem, written, known in (("a", "one two three four", "one two three four"), ("b", "two one", "one two")):
        (originals / f"{stem}.docx").write_bytes(docx_of(p(written)))
        (texts / f"{stem}.txt").write_text(known)
    (originals / "c.txt").write_bytes(b"")
    (texts / "c.txt").write_text("one")
    (originals / "alone.txt").write_bytes(b"x")
    monkeypatch.setattr("sys.argv", ["ingest_report", str(originals), str(texts)])
    main()
    title, docx, txt, _, *worst = capsys.readouterr().out.splitlines()
    assert title.split() == ["format", "files", "errors", "mean", "median", "min", "anywhere", "words", "s/file"]
    assert docx.split()[:8] == ["docx", "2", "0", "0.750", "0.750", "0.500", "1.000", "1.000"]
    assert txt.split()[:4] == ["txt", "1", "1", "0.000"]
    assert [line.split()[-1] for line in worst] == ["EmptyFile", "b.docx"]
