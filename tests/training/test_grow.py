import random
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from tests.markup import annotate
from tests.training.test_model import _save_run
from training.corpus import LabelledDocument
from training.examples import Batch, Example, iter_batches, random_windows, to_example
from training.grow import grow, main
from training.model import N_SCORES, ModelSettings, TokenClassifier
from training.runs import load_run
from training.train import Trainer, TrainSettings, encoded_loss, with_soft_targets
from training.train import main as train

GOLD = annotate(
    "Present: ⟨P att=present|Ann Lee⟩ (⟨R|Chair⟩)\n\n⟨A|The Chair will write to Ann⟩. ⟨I|Cases⟩ rose by ⟨Q|5,271⟩."
)


def batches_of(examples: list[Example], tokenizer: Tokenizer) -> list[Batch]:
    rng = random.Random(0)
    windows = [(example, window) for example in examples for window in random_windows(example, 254, rng)]
    return list(iter_batches(windows, 2, tokenizer, 0.0, rng))


def varied(encoder: Path, n_layers: int) -> TokenClassifier:
    """A model none of whose weights are alike, as after training."""
    torch.manual_seed(0)
    model = TokenClassifier(ModelSettings(encoder, n_layers))
    for weights in filter(lambda w: w.requires_grad, model.parameters()):
        weights.data += 0.1 * torch.randn_like(weights)
    return model.eval()


def test_a_grown_model_begins_near_to_what_the_small_one_does(encoder: Path, tokenizer: Tokenizer) -> None:
    small = varied(encoder, 1)
    (batch,) = batches = batches_of([to_example(GOLD, tokenizer)], tokenizer)
    with torch.inference_mode():
        before = small(batch.ids, batch.mask, batch.features)
        apart = [
            float(
                (grow(small, encoder, 2, batches, share).eval()(batch.ids, batch.mask, batch.features) - before)
                .abs()
                .mean()
            )
            for share in (0.0, 0.1, 1.0)
        ]
    assert apart[0] < 0.1 * float(before.std())
    assert apart[0] < apart[1] < apart[2]


def test_a_model_grows_by_a_layer_at_least(encoder: Path, tokenizer: Tokenizer) -> None:
    batches = batches_of([to_example(GOLD, tokenizer)], tokenizer)
    with pytest.raises(ValueError, match="2 layers are not fewer than 2"):
        grow(varied(encoder, 2), encoder, 2, batches)


def test_a_run_is_grown_into_another(encoder: Path, tmp_path: Path) -> None:
    weights = _save_run(tmp_path / "small", encoder, 1, 0.01)
    main(["--run", str(tmp_path / "small"), "--layers", "2", "--out", str(tmp_path / "large")])
    grown = load_run(tmp_path / "large")
    assert grown.about["grown_from"]["layers"] == 1
    assert len(grown.model.encoder.encoder.layer) == 2
    kept = grown.model.state_dict()
    assert all(torch.equal(kept[name], value) for name, value in weights.items())


def test_a_student_comes_nearer_to_the_last_layer_of_its_teacher(
    encoder: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    _save_run(tmp_path / "teacher", encoder, 2, 0.02)
    torch.save(varied(encoder, 2).state_dict(), tmp_path / "teacher" / "weights.pt")
    document = LabelledDocument(GOLD, "Hilltop Trust", "charity", True)
    (lesson,) = with_soft_targets([to_example(GOLD, tokenizer)], [document], tmp_path / "teacher", with_encoded=True)
    assert lesson.soft is not None
    assert lesson.soft.shape == (len(lesson.encoding.tokens), N_SCORES + 64)
    wanted = torch.from_numpy(lesson.soft[:, N_SCORES:]).float()
    assert wanted.mean(0).abs().max() < 0.01
    assert torch.allclose(wanted.std(0, correction=0), torch.ones(64), atol=0.02)
    (batch,) = batches_of([lesson], tokenizer)
    student = TokenClassifier(ModelSettings(encoder, 1, 0.0))
    settings = TrainSettings(encoder_lr=2e-3, head_lr=2e-3, encoded_weight=5.0)
    trainer = Trainer(student, settings, 40, n_encoded=64)
    assert trainer.matcher is not None

    def distance() -> float:
        with torch.inference_mode():
            encoded = student.eval().encode(batch.ids, batch.mask, batch.features)
            assert trainer.matcher is not None
            assert batch.soft is not None
            return float(encoded_loss(trainer.matcher, encoded, batch.soft[..., N_SCORES:], batch))

    before = distance()
    for _ in range(40):
        trainer.step(batch)
    assert distance() < 0.5 * before


def test_the_last_layer_of_no_teacher_cannot_be_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train(["--out", str(tmp_path), "--encoded-weight", "1"])
    assert "needs a teacher" in capsys.readouterr().err
