import json
import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from extractor.components import RANGES_FILE, SETTINGS_FILE, VOCABULARY_FILE, load_tagger
from extractor.errors import ModelError
from extractor.features import N_CLASSES
from extractor.runtime import OnnxScorer, check_sums
from extractor.structure import parse_text
from extractor.tags import allowed_transitions
from extractor.windows import Window
from tests.markup import annotate
from training.corpus import LabelledDocument
from training.examples import iter_batches, to_example
from training.export import export, quantise
from training.gptq import nearest
from training.mean import main as write_mean_of
from training.mean import write_mean
from training.model import N_SCORES, Crf, ModelSettings, TokenClassifier
from training.names import NamePools
from training.packing import Packed
from training.ranges import measure_ranges, write_ranges
from training.release import Bits, build_pipeline, write_sums
from training.runs import RUN_FILE, WEIGHTS_FILE, load_run, told_once
from training.train import (
    TorchScorer,
    TrainSettings,
    mean_weights,
    quick_scores,
    run,
    soft_loss,
    tagger_settings,
    torch_tagger,
    with_soft_targets,
)

GOLD = annotate(
    "Present: ⟨P att=present role=r|Ann Lee⟩ (⟨R r|Chair⟩)\n\n"
    "⟨A owner=c due=m|The ⟨R c|Chair⟩ will write to Ann by the ⟨M m|September meeting⟩⟩. "
    "⟨I i|Cases⟩ rose by ⟨Q of=i kind=change|5,271⟩."
)


def packed(model: TokenClassifier, bits: Bits) -> tuple[dict[str, Packed], Packed]:
    """The layers and the word embeddings, each weight rounded for itself."""
    layers = {name: nearest(model.get_submodule(name).weight.detach(), n) for name, n in bits.of_layers(model).items()}
    return layers, nearest(model.encoder.get_input_embeddings().weight.detach(), bits.embeddings)


@pytest.mark.parametrize("n_tokens", [1, 3])
def test_the_crf_is_a_distribution_over_all_paths(n_tokens: int) -> None:
    torch.manual_seed(0)
    crf = Crf("statement")
    crf.transitions.data.normal_()
    emissions = torch.randn(1, 4, 5)
    mask = torch.arange(4)[None] < n_tokens
    total = 0.0
    for path in product(range(5), repeat=n_tokens):
        tags = torch.zeros(1, 4, dtype=torch.int64)
        tags[0, :n_tokens] = torch.tensor(path)
        total += float(torch.exp(-crf(emissions, tags, mask)).detach())
    assert total == pytest.approx(1.0, abs=1e-4)


def test_the_gradient_of_the_crf_is_that_of_the_sum_over_all_paths() -> None:
    torch.manual_seed(0)
    crf = Crf("statement")
    crf.transitions.data.normal_()
    emissions = torch.randn(2, 4, 5, requires_grad=True)
    n_tokens = (4, 2)
    mask = torch.arange(4)[None] < torch.tensor(n_tokens)[:, None]
    tags = torch.zeros(2, 4, dtype=torch.int64)
    crf(emissions, tags, mask).backward()
    found = [emissions.grad, crf.transitions.grad]

    def log_likelihood(row: int) -> torch.Tensor:
        moves = crf.transitions + crf.allowed
        scores = []
        for path in product(range(5), repeat=n_tokens[row]):
            steps = zip((-1, *path), path, strict=False)
            scores.append(sum(moves[a + 1, b] + emissions[row, k, b] for k, (a, b) in enumerate(steps)))
        return torch.stack(scores)[0] - torch.logsumexp(torch.stack(scores), dim=0)  # the first path is that of tag 0

    expected = torch.autograd.grad(-log_likelihood(0) - log_likelihood(1), [emissions, crf.transitions])
    for ours, theirs in zip(found, expected, strict=True):
        assert ours is not None
        assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_window_may_begin_inside_a_span() -> None:
    assert (Crf("entity").allowed[0] == 0).all()
    assert (allowed_transitions("entity")[0] < 0).any()


def test_a_small_model_learns_a_document_by_heart(encoder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    torch.manual_seed(0)
    document = LabelledDocument(GOLD, "Hilltop Trust", "charity", True)
    settings = TrainSettings(
        epochs=60, batch_size=2, encoder_lr=2e-3, head_lr=2e-2, mask_rate=0.0, rename_rate=0.0, average_decay=0.5
    )
    examples = [to_example(GOLD, tokenizer)] * 2
    trained = run(TokenClassifier(ModelSettings(encoder, dropout=0.0)), examples, tokenizer, settings, {}, tmp_path)
    tagger = torch_tagger(trained, tokenizer, 254)
    assert quick_scores(tagger, [document])["headline"] == 1.0
    attributes = {span.text_of(GOLD.text): dict(span.attributes) for span in tagger(GOLD.text, parse_text(GOLD.text))}
    assert attributes["Ann Lee"] == {"att": "present"}
    assert attributes["5,271"] == {"kind": "change"}


def test_a_student_learns_from_a_teacher_alone(encoder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    torch.manual_seed(0)
    document = LabelledDocument(GOLD, "Hilltop Trust", "charity", True)
    example = to_example(GOLD, tokenizer)
    by_heart = TrainSettings(
        epochs=60, batch_size=2, encoder_lr=2e-3, head_lr=2e-2, mask_rate=0.0, rename_rate=0.0, average_decay=0.5
    )
    teacher = run(TokenClassifier(ModelSettings(encoder, 2, 0.0)), [example] * 2, tokenizer, by_heart, {}, tmp_path)
    torch.save(teacher.state_dict(), tmp_path / WEIGHTS_FILE)
    (tmp_path / RUN_FILE).write_text(json.dumps({"encoder": str(encoder), "layers": 2, "max_pieces": 254}))
    (lesson,) = with_soft_targets([example], [document], tmp_path)
    assert lesson.soft is not None
    assert lesson.soft.shape == (len(lesson.encoding.tokens), N_SCORES)
    student = TokenClassifier(ModelSettings(encoder, 1, 0.0))
    items = [(lesson, Window(0, len(lesson.encoding.tokens)))]
    (batch,) = iter_batches(items, 1, tokenizer, 0.0, random.Random(0))
    assert batch.soft is not None
    optimizer = torch.optim.Adam(student.parameters(), lr=5e-3)
    for layer, crf in student.crfs.items():
        crf.load_state_dict(teacher.crfs[layer].state_dict())
    for _ in range(150):
        loss = soft_loss(student, student(batch.ids, batch.mask, batch.features), batch.soft, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    learned = torch_tagger(student, tokenizer, 254)
    assert quick_scores(learned, [document])["headline"] == 1.0
    attributes = {span.text_of(GOLD.text): dict(span.attributes) for span in learned(GOLD.text, parse_text(GOLD.text))}
    assert attributes["Ann Lee"] == {"att": "present"}
    assert attributes["5,271"] == {"kind": "change"}


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch.export itself
@pytest.mark.filterwarnings("ignore:.*axis name:UserWarning")  # three inputs share their axes
def test_an_exported_model_scores_as_the_torch_one_and_opens_in_spacy(
    encoder: Path, tokenizer: Tokenizer, tmp_path: Path, rng: np.random.Generator
) -> None:
    torch.manual_seed(0)
    model = TokenClassifier(ModelSettings(encoder, n_layers=1)).eval()
    for weights in filter(lambda w: w.requires_grad, model.parameters()):
        weights.data += 0.02 * torch.randn_like(weights)  # no two alike, as after training
    export(model, tmp_path / "float32.onnx")
    mixed, words = packed(model, Bits(attention=8, feed_forward=4, embeddings=5))
    assert sorted(layer.bits for layer in mixed.values()) == [4, 4, 8, 8, 8, 8]
    quantise(tmp_path / "float32.onnx", tmp_path / "mixed.onnx", mixed, words)
    quantise(tmp_path / "float32.onnx", tmp_path / "model.onnx", *packed(model, Bits(8, 8, 8)))
    with pytest.raises(ValueError, match="no product of the layer other"):
        quantise(tmp_path / "float32.onnx", tmp_path / "other.onnx", {**mixed, "other": words}, words)
    ids = rng.integers(0, 50, (3, 20))
    features = np.stack([rng.integers(0, n, (3, 20)) for n in N_CLASSES.values()], axis=2)
    mask = (np.arange(20)[None] < np.array([20, 12, 3])[:, None]).astype(np.int64)
    expected = model(torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(features)).detach().numpy()
    for name, largest, average in (
        ("float32", 0.03, 0.003),
        ("model", 0.06, 0.006),
        ("mixed", 0.5, 0.1),
    ):  # bfloat16 keeps 8 bits
        scores = OnnxScorer(tmp_path / f"{name}.onnx", n_threads=1)(ids, mask, features)
        assert scores.shape == (3, 20, N_SCORES)
        differences = np.abs(scores - expected)[mask == 1]
        assert differences.max() < largest
        assert differences.mean() < average

    (tmp_path / VOCABULARY_FILE).write_bytes((encoder / VOCABULARY_FILE).read_bytes())
    settings = tagger_settings(model, 254)
    (tmp_path / SETTINGS_FILE).write_text(json.dumps({k: getattr(settings, k) for k in settings.__slots__}))
    structure = parse_text(GOLD.text)
    assert load_tagger(tmp_path)(GOLD.text, structure) == load_tagger(tmp_path, n_threads=1)(GOLD.text, structure)
    example = to_example(GOLD, tokenizer)
    (batch,) = iter_batches([(example, Window(0, len(example.encoding.tokens)))], 1, tokenizer, 0.0, random.Random(0))
    ranges = measure_ranges(tmp_path / "model.onnx", [batch])
    assert sorted(reach.shape for reach in ranges.values()) == [(2, 64)] * 5 + [(2, 128)]
    write_ranges(ranges, tmp_path / RANGES_FILE)
    released = tmp_path / "released"
    build_pipeline(tmp_path, name="minutes-toy", version="0.0.1").to_disk(released)
    write_sums(released)
    check_sums(released)
    assert (released / "minutes_tagger" / RANGES_FILE).is_file()
    (released / RUN_FILE).write_text(json.dumps({"encoder": str(encoder), "layers": 1, "max_pieces": 254}))
    again = load_run(released).model.state_dict()
    steps = {name: (again[name] - weights).abs().max() for name, weights in model.state_dict().items()}
    assert 0 < max(steps.values()) < 0.002  # the weights come back as exact as 8 bits keep them
    (released / "minutes_tagger" / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="damaged"):
        check_sums(released)
    with pytest.raises(ModelError, match="not a model"):
        OnnxScorer(released / "minutes_tagger" / "model.onnx")


def test_the_torch_scorer_gives_a_row_for_each_piece(encoder: Path) -> None:
    ids = np.ones((2, 7), dtype=np.int64)
    scores = TorchScorer(TokenClassifier(ModelSettings(encoder)))(
        ids, ids, np.ones((2, 7, len(N_CLASSES)), dtype=np.int64)
    )
    assert scores.shape == (2, 7, N_SCORES)


def test_people_get_other_names_all_over_a_document(tokenizer: Tokenizer) -> None:
    import random

    from training.examples import rename_people

    gold = annotate("⟨P|Ann Lee⟩ thanked ⟨P|LEE⟩ and ⟨P|AL⟩. Then ⟨P|Ann⟩ left.")
    example = to_example(gold, tokenizer)
    renamed = rename_people(example, NamePools(("Zoe",), ("Quill",)), random.Random(0), tokenizer)
    words = [token.text for token in renamed.encoding.tokens]
    assert words[:2] == ["Zoe", "Quill"]
    assert words[3] == "Quill".upper() or len(words[3]) == 3
    assert words[words.index("Then") + 1] == "Zoe"
    assert (renamed.encoding.features == example.encoding.features).all()
    assert len(renamed.encoding.pieces.first) == len(words)


def test_the_mean_of_two_models_keeps_whole_numbers() -> None:
    one = {"w": torch.tensor([1.0, 3.0]), "n": torch.tensor(4)}
    other = {"w": torch.tensor([2.0, -2.0]), "n": torch.tensor(5)}
    mean = mean_weights(one, other, 0.25)
    assert mean["w"].tolist() == [1.75, -0.75]
    assert int(mean["n"]) == 5


def _save_run(folder: Path, encoder: Path, layers: int, value: float) -> dict[str, torch.Tensor]:
    """A run whose numbers all have the value."""
    model = TokenClassifier(ModelSettings(encoder, layers))
    weights = {k: torch.full_like(w, value) if w.is_floating_point() else w for k, w in model.state_dict().items()}
    folder.mkdir()
    torch.save(weights, folder / WEIGHTS_FILE)
    (folder / RUN_FILE).write_text(json.dumps({"encoder": str(encoder), "layers": layers, "max_pieces": 254}))
    return weights


def test_the_mean_of_runs_is_a_run(encoder: Path, tmp_path: Path) -> None:
    runs = [tmp_path / name for name in ("one", "two", "three")]
    for folder, value in zip(runs, (1.0, 2.0, 4.0), strict=True):
        _save_run(folder, encoder, 1, value)
    write_mean(runs, (1, 2, 1), tmp_path / "mean")
    found = load_run(tmp_path / "mean")
    assert found.about["max_pieces"] == 254
    assert [part["share"] for part in found.about["mean_of"]] == [1, 2, 1]
    trained = [w for k, w in found.model.state_dict().items() if w.is_floating_point() and not k.endswith("allowed")]
    assert all(torch.allclose(weights, torch.tensor(2.25)) for weights in trained)


def test_runs_of_different_shapes_have_no_mean(encoder: Path, tmp_path: Path) -> None:
    _save_run(tmp_path / "one", encoder, 1, 1.0)
    _save_run(tmp_path / "two", encoder, 2, 1.0)
    with pytest.raises(ModelError, match=r"two: not of the shape of .*one"):
        write_mean([tmp_path / "one", tmp_path / "two"], (1, 1), tmp_path / "mean")
    with pytest.raises(SystemExit):
        write_mean_of(["--runs", str(tmp_path / "one"), "--shares", "1", "2", "--out", str(tmp_path / "mean")])


def test_a_run_is_told_of_once() -> None:
    first = {"encoder": "mpnet", "seed": 1, "start": None}
    second = {"encoder": "mpnet", "seed": 2, "start": first}
    third = {"encoder": "mpnet", "seed": 3, "start": first}
    about = {"encoder": "mpnet", "mean_of": [{"share": 1, "run": second}, {"share": 1, "run": third}]}
    found = told_once(about)
    kept, again = (part["run"] for part in found["mean_of"])
    assert (kept["seed"], kept["start"]["seed"]) == (2, 1)
    assert (again["seed"], again["start"]) == (3, {"id": kept["start"]["id"]})
    assert told_once(found) == found
    assert len({found["id"], kept["id"], again["id"], kept["start"]["id"]}) == 4
