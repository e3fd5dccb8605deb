import random
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from extractor.annotations import replace_spans
from extractor.components import load_tagger
from extractor.structure import parse_text
from extractor.windows import Window
from tests.markup import annotate
from training.corpus import LabelledDocument
from training.examples import iter_batches, to_example
from training.gptq import nearest
from training.model import ModelSettings, TokenClassifier
from training.packing import BLOCK_SIZE
from training.release import main as release_main
from training.release import release
from training.rounding import WORD_EMBEDDINGS, Bits, Grid, OnGrid, plain_weights, put_on_grids, read_grids, write_grids
from training.runs import RUN_FILE, TAGGER_FOLDER, WEIGHTS_FILE, describe, load_run
from training.train import Trainer, TrainSettings, torch_tagger

GOLD = annotate("Present: ⟨P att=present|Ann Lee⟩ (⟨R|Chair⟩)\n\n⟨A|The ⟨R|Chair⟩ will write by the ⟨M|May meeting⟩⟩.")
BITS = Bits(attention=4, feed_forward=5, embeddings=6)


@pytest.fixture
def model(encoder: Path) -> TokenClassifier:
    torch.manual_seed(3)
    return TokenClassifier(ModelSettings(encoder))


def test_weights_are_used_on_the_grid_and_the_gradient_passes(model: TokenClassifier) -> None:
    layer = model.encoder.encoder.layer[0].intermediate.dense
    before = layer.weight.detach().clone()
    grids = put_on_grids(model, BITS)
    used = layer.weight
    assert torch.equal(used.detach(), torch.from_numpy(nearest(before, 5).weights))
    assert not torch.equal(used.detach(), before)
    (used * torch.arange(64.0)).sum().backward()
    assert torch.equal(layer.parametrizations.weight.original.grad, torch.arange(64.0).expand(128, -1))
    assert set(grids) == {*BITS.of_layers(model), WORD_EMBEDDINGS}


def test_a_weight_beyond_the_grid_is_its_last_level() -> None:
    grid = Grid(4, torch.full((1, 1), 0.5))
    weights = torch.linspace(-9, 9, BLOCK_SIZE)[None]
    on_grid = OnGrid(grid)(weights)
    assert on_grid.min() == -4.0
    assert on_grid.max() == 3.5
    assert torch.equal(on_grid, torch.from_numpy(grid.packed(weights).weights))


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch.export itself
@pytest.mark.filterwarnings("ignore:.*axis name:UserWarning")  # three inputs share their axes
def test_what_was_trained_with_rounded_weights_is_released_as_it_is(
    model: TokenClassifier, encoder: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    write_grids(put_on_grids(model, BITS), tmp_path)
    example = to_example(GOLD, tokenizer)
    windows = [(example, Window(0, len(example.encoding.tokens)))] * 4
    trainer = Trainer(model, TrainSettings(encoder_lr=1e-2, head_lr=1e-2, average_decay=0.5), 20)
    for _ in range(20):
        (batch,) = iter_batches(windows, 4, tokenizer, 0.0, random.Random(0))
        trainer.step(batch)
    trained = trainer.average.module
    torch.save(plain_weights(trained), tmp_path / WEIGHTS_FILE)
    (tmp_path / RUN_FILE).write_text(f'{{"encoder": "{encoder}", "layers": 2, "max_pieces": 64}}', encoding="utf-8")
    plain = load_run(tmp_path).model
    name = "encoder.encoder.layer.1.attention.self.query"
    moved, grid = plain.get_submodule(name).weight.detach(), read_grids(tmp_path)[name]
    assert torch.equal(moved, torch.from_numpy(grid.packed(moved).weights))
    assert not torch.equal(moved, trained.get_submodule(name).parametrizations.weight.original)

    documents = [LabelledDocument(GOLD, "a club", "club", True)]
    out = tmp_path / "tiny"
    bonus = {"PERSON": 0.125}
    release(tmp_path, out, version="0", bits=Bits(8, 8, 8), overlap_pieces=8, documents=documents, start_bonus=bonus)
    assert load_tagger(out / TAGGER_FOLDER).settings.start_bonus == bonus
    assert describe(tmp_path)["layers"] == 2
    assert {**describe(out), "sha256": ""} == {"name": "tiny", "version": "0", "sha256": ""}
    kept = load_run(out).model.state_dict()
    for layer in BITS.of_layers(plain):
        assert torch.equal(kept[f"{layer}.weight"], plain.state_dict()[f"{layer}.weight"]), layer
    found = load_tagger(out / TAGGER_FOLDER)(GOLD.text, parse_text(GOLD.text))
    expected = torch_tagger(plain, tokenizer, 64)(GOLD.text, parse_text(GOLD.text))
    assert replace_spans(GOLD, found).with_label("PERSON") != ()
    assert [(s.label, s.start, s.end) for s in found] == [(s.label, s.start, s.end) for s in expected]


@pytest.mark.parametrize("given", ["PEOPLE=1", "PERSON", "PERSON=much", ""])
def test_a_bonus_is_a_label_and_a_number(given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        release_main(["--run", str(tmp_path), "--start-bonus", given])
    assert "--start-bonus" in capsys.readouterr().err


def test_a_run_with_weights_of_full_precision_has_no_grids(tmp_path: Path) -> None:
    assert read_grids(tmp_path) == {}
