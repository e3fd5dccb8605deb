import json
import random
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from extractor.features import FEATURES
from tests.markup import annotate
from training.corpus import LabelledDocument
from training.examples import to_example
from training.levers import (
    LEVERS,
    N_FOLDS,
    PLAIN,
    RUNS_FILE,
    Lever,
    ParagraphEncoding,
    learned_documents,
    lever_model,
    main,
    measure,
    measured_documents,
    report,
    varied,
)

GOLD = annotate("Present: ⟨P att=present|Ann Lee⟩\n\nThe ⟨R|Clerk⟩ was away.")


@pytest.fixture
def documents() -> list[LabelledDocument]:
    real = [LabelledDocument(GOLD, f"Body {k}", "council", False) for k in range(4 * N_FOLDS)]
    return real + [LabelledDocument(GOLD, f"Club {k}", f"style {k:02}", True) for k in range(10)]


@pytest.mark.parametrize("lever", LEVERS.values(), ids=list(LEVERS))
def test_no_run_learns_from_what_it_is_measured_on(lever: Lever, documents: list[LabelledDocument]) -> None:
    learned = {d.organisation for d in learned_documents(documents, lever)}
    measured = {d.organisation for d in measured_documents(documents)}
    assert learned
    assert measured
    assert not learned & measured


def test_the_levers_of_the_labels_change_what_is_learned_from(documents: list[LabelledDocument]) -> None:
    plain, more, real = (
        learned_documents(documents, LEVERS[name]) for name in (PLAIN, "twice the real labels", "no invented minutes")
    )
    assert [d for d in plain if not d.invented] == real
    assert len(real) == 4
    assert len([d for d in more if not d.invented]) == 8
    assert [d.kind for d in plain if d.invented] == ["style 00", "style 05"]


def test_what_a_lever_does_without_stays_as_it_was(encoder: Path, tokenizer: Tokenizer) -> None:
    lever = Lever(blind=("case",), transitions=False)
    model = lever_model(lever, encoder, 1)
    row = measure(model, [to_example(GOLD, tokenizer)] * 8, lever, 1, {"fold": []})
    assert set(row) == {"minutes", "fold"}
    tables = dict(zip(FEATURES, model.features, strict=True))
    assert torch.equal(tables["case"].weight, torch.zeros_like(tables["case"].weight))
    assert not torch.equal(tables["shape"].weight, torch.zeros_like(tables["shape"].weight))
    assert all((crf.transitions == 0).all() for crf in model.crfs.values())


def test_windows_from_paragraph_to_paragraph_are_cut_at_no_other_line(
    encoder: Path, tokenizer: Tokenizer, documents: list[LabelledDocument]
) -> None:
    encoding = to_example(annotate("A line\nof two\n\nA paragraph\nof two"), tokenizer).encoding
    begins = [
        [t.start for t, b in zip(e.tokens, e.is_border, strict=True) if b]
        for e in (encoding, ParagraphEncoding.of(encoding))
    ]
    assert begins == [[0, 7, 15, 27], [0, 15]]
    lever = Lever(from_paragraphs=True)
    row = measure(lever_model(lever, encoder, 1), [to_example(GOLD, tokenizer)] * 8, lever, 1, {"fold": documents[:1]})
    assert "headline" in row["fold"]


def test_half_of_the_examples_are_varied(tokenizer: Tokenizer) -> None:
    example = to_example(GOLD, tokenizer)
    vary = varied([GOLD], [example], "case", tokenizer)
    seen = [vary(0, random.Random(seed)) for seed in range(40)]
    assert 10 < sum(one is example for one in seen) < 30
    assert {"".join(t.text for t in one.encoding.tokens) for one in seen} > {
        "".join(t.text for t in example.encoding.tokens)
    }


def test_differences_are_taken_seed_by_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        {"lever": PLAIN, "seed": 1, "fold": {"headline": 0.5}, "real_dev": {}},
        {"lever": PLAIN, "seed": 2, "fold": {"headline": 0.7}, "real_dev": {}},
        {"lever": "a teacher", "seed": 1, "fold": {"headline": 0.6}, "real_dev": {}},
        {"lever": "a teacher", "seed": 2, "fold": {"headline": 0.9}, "real_dev": {}},
        {"lever": "a teacher", "seed": 3, "fold": {"headline": 0.1}, "real_dev": {}},
    ]
    rows = report(runs, "fold").splitlines()
    assert rows[2].startswith("| plain | 2 | 0.600 (0.141) | 0.000 |")
    assert rows[3].startswith("| a teacher | 2 | 0.750 +0.150 (0.071) | 0.000 +0.000 |")
    assert len(rows) == 4
    (tmp_path / RUNS_FILE).write_text("".join(json.dumps(row) + "\n" for row in runs), encoding="utf-8")
    main(["--out", str(tmp_path), "--report"])
    assert report(runs, "fold") in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--teacher", "x"], ["--levers", "a teacher"]])
def test_what_a_lever_needs_is_asked_for(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path / "runs"), *arguments])
    assert not (tmp_path / "runs").exists()
