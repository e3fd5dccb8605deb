from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from tests.training.test_grow import GOLD, batches_of, varied
from training.examples import to_example
from training.prune import least_needed, main, prune, without_heads
from training.runs import RUN_FILE, WEIGHTS_FILE, load_run


def test_a_model_without_heads_scores_as_one_whose_heads_are_silent(encoder: Path, tokenizer: Tokenizer) -> None:
    model = varied(encoder, 2)
    (batch,) = batches_of([to_example(GOLD, tokenizer)], tokenizer)
    gone = {(0, 1): 0.0, (0, 3): 0.0, (1, 0): 0.0}
    with torch.inference_mode():
        whole = model(batch.ids, batch.mask, batch.features)
        with without_heads(model, list(gone)):
            silent = model(batch.ids, batch.mask, batch.features)
        assert torch.equal(model(batch.ids, batch.mask, batch.features), whole)
        assert prune(model, gone) == (2, 3)
        pruned = model(batch.ids, batch.mask, batch.features)
    assert torch.allclose(pruned, silent, atol=1e-5)
    assert not torch.allclose(pruned, whole, atol=1e-3)


def test_the_head_that_does_nothing_goes_first(encoder: Path, tokenizer: Tokenizer) -> None:
    model = varied(encoder, 2)
    model.encoder.encoder.layer[1].attention.output.dense.weight.data[:, 32:48] = 0
    found = least_needed(model, 5, batches_of([to_example(GOLD, tokenizer)], tokenizer))
    assert next(iter(found)) == (1, 2)
    assert found[1, 2] == pytest.approx(0, abs=1e-6)
    assert len(found) == 5
    assert all(cost > 1e-6 for head, cost in found.items() if head != (1, 2))


def test_a_pruned_run_is_read_back(encoder: Path, tmp_path: Path) -> None:
    model = varied(encoder, 2)
    (tmp_path / "run").mkdir()
    torch.save(model.state_dict(), tmp_path / "run" / WEIGHTS_FILE)
    (tmp_path / "run" / RUN_FILE).write_text(f'{{"encoder": "{encoder}", "layers": 2, "max_pieces": 60}}')
    main(["--run", str(tmp_path / "run"), "--heads", "3", "--out", str(tmp_path / "pruned")])
    found = load_run(tmp_path / "pruned")
    assert sum(found.about["heads"]) == 5
    assert [layer.attention.self.num_attention_heads for layer in found.model.encoder.encoder.layer] == found.about[
        "heads"
    ]
