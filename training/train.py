"""Train the token classifier: `python -m training.train --texts DIR --out DIR`."""

import argparse
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from extractor.alignment import load_tokenizer
from extractor.annotations import AnnotatedText, replace_spans
from extractor.components import load_tagger
from extractor.decoding import best_path
from extractor.structure import parse_text
from extractor.tagger import Ints, Scores, Tagger, TaggerSettings, encode_text
from extractor.tags import allowed_transitions, tag_names
from extractor.windows import Window
from training.corpus import LabelledDocument, from_row, load
from training.encoders import find_encoder
from training.examples import IGNORED, Batch, Example, iter_batches, random_windows, rename_people, to_example
from training.model import HEADS, LAYER_NAMES, N_SCORES, N_TAGS, TINY, Crf, ModelSettings, TokenClassifier
from training.names import NamePools, load_pools
from training.rounding import Bits, plain_weights, put_on_grids, write_grids
from training.runs import RUN_FILE, TAGGER_FOLDER, WEIGHTS_FILE, describe, is_released, load_run
from training.scoring import Counts, count_spans, micro, total

START_BONUS: Final = {"PERSON": -0.5, "TARGET_MEETING": -0.25, "ACTION": 0.25}
REPEAT_BONUS: Final = 1.5
KNOWN_INITIALS_BONUS: Final = 3.0
UNKNOWN_INITIALS_BONUS: Final = -1.0
INDICATOR_BONUS: Final = 1.5
LISTED_BONUS: Final = 1.4
UNLISTED_BONUS: Final = -0.85
"""How the scores are decoded; chosen on held-out organisations of the training minutes (training/EXPERIMENTS.md)."""


Vary = Callable[[int, random.Random], Example]
"""The number of an example to what is seen of it in an epoch."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What a run does; the defaults are those of the release."""

    epochs: int = 4
    batch_size: int = 8
    """Windows in a step."""
    encoder_lr: float = 1e-4
    head_lr: float = 1.5e-3
    weight_decay: float = 0.01
    warmup_fraction: float = 0.1
    mask_rate: float = 0.08
    """Share of the word pieces that are hidden in a step."""
    rename_rate: float = 0.5
    """Share of the documents whose people get other names in an epoch."""
    head_weight: float = 1.0
    """Weight of the attribute heads' loss beside the CRFs'."""
    max_pieces: int = 254
    average_decay: float = 0.997
    """Of the exponential moving average of the weights, which is what is kept; a step."""
    seed: int = 1
    soft_weight: float = 1.0
    """Weight of what a teacher says beside the labels."""
    encoded_weight: float = 0.0
    """Weight of how far the encoder's last layer, by a linear map learned beside it, is from the teacher's."""
    start_share: float = 0.4
    """Of the weights of the run that this one goes on from, in what is kept at the end."""


class Trainer:
    """Holds a model in training; `step` and `epoch` change it, `tagger` reads it."""

    def __init__(self, model: TokenClassifier, settings: TrainSettings, n_steps: int, n_encoded: int = 0) -> None:
        """`n_encoded`: channels of the teacher's last layer, if the model learns these too."""
        self.model, self.settings = model, settings
        encoder = [p for n, p in model.named_parameters() if n.startswith("encoder.") and p.requires_grad]
        heads = [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
        self.matcher = nn.Linear(model.scores.in_features, n_encoded) if n_encoded else None
        if self.matcher is not None:
            heads += self.matcher.parameters()
        self.optimizer = torch.optim.AdamW(
            [{"params": encoder, "lr": settings.encoder_lr}, {"params": heads, "lr": settings.head_lr}],
            weight_decay=settings.weight_decay,
            fused=True,
        )
        warmup = max(1, int(n_steps * settings.warmup_fraction))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: min((step + 1) / warmup, max(0.02, (n_steps - step) / max(1, n_steps - warmup))),
        )
        self.average = torch.optim.swa_utils.AveragedModel(
            model,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average_decay),  # type: ignore[no-untyped-call]
        )

    def step(self, batch: Batch) -> float:
        """One update; returns the loss a token."""
        self.model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            encoded = self.model.encode(batch.ids, batch.mask, batch.features)
            scores = self.model.score(encoded)
        loss = batch_loss(self.model, scores.float(), batch, self.settings.head_weight)
        if batch.soft is not None:
            loss = loss + self.settings.soft_weight * soft_loss(self.model, scores.float(), batch.soft, batch)
            if self.matcher is not None:
                wanted = batch.soft[..., N_SCORES:]
                loss = loss + self.settings.encoded_weight * encoded_loss(self.matcher, encoded.float(), wanted, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.model)
        return float(loss.detach())


def batch_loss(model: TokenClassifier, scores: Tensor, batch: Batch, head_weight: float) -> Tensor:
    """The CRFs' negative log likelihood a token plus the cross-entropy of the attribute heads."""
    rows = scores.gather(1, batch.first[..., None].expand(-1, -1, scores.shape[2]))
    n_tokens = batch.token_mask.sum()
    loss = scores.new_zeros(())
    offset = 0
    for layer in LAYER_NAMES:
        emissions = rows[..., offset : offset + N_TAGS[layer]]
        offset += N_TAGS[layer]
        loss = loss + model.crfs[layer](emissions, batch.tags[layer], batch.token_mask) / n_tokens
    for column, classes in enumerate(HEADS.values()):
        logits, targets = rows[..., offset : offset + len(classes)], batch.heads[..., column]
        offset += len(classes)
        if (targets != IGNORED).any():
            picked = nn.functional.cross_entropy(
                logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
            )
            loss = loss + head_weight * picked / n_tokens
    return loss


def soft_loss(model: TokenClassifier, scores: Tensor, soft: Tensor, batch: Batch) -> Tensor:
    """How far tags and classes are from the teacher's, a token: the CRFs' cross-entropies and those of the heads.

    A class counts as much as the teacher believes in a span of its label that begins there.
    Shape: scores (batch, n_pieces, n_scores), soft (batch, n_tokens, n_scores).
    """
    rows = scores.gather(1, batch.first[..., None].expand(-1, -1, scores.shape[2]))
    loss = scores.new_zeros(())
    begins: dict[str, Tensor] = {}
    offset = 0
    for layer in LAYER_NAMES:
        names = tag_names(layer)
        columns = slice(offset, offset + len(names))
        offset += len(names)
        loss = loss + cast(Crf, model.crfs[layer]).against(soft[..., columns], rows[..., columns], batch.token_mask)
        begins |= {name[2:]: soft[..., columns][..., k] for k, name in enumerate(names) if name.startswith("B-")}
    for (label, _), classes in HEADS.items():
        columns = slice(offset, offset + len(classes))
        offset += len(classes)
        apart = -(soft[..., columns] * rows[..., columns].log_softmax(2)).sum(2)
        loss = loss + (begins[label] * apart * batch.token_mask).sum()
    return loss / batch.token_mask.sum()


def encoded_loss(matcher: nn.Linear, encoded: Tensor, wanted: Tensor, batch: Batch) -> Tensor:
    """The mean square difference of the tokens' vectors, mapped by the matcher, from a teacher's.

    Shape: encoded (batch, n_pieces, n_channels), wanted (batch, n_tokens, channels of the teacher).
    Source: Jiao et al. 2020, TinyBERT, section 3.1.
    """
    rows = encoded.gather(1, batch.first[..., None].expand(-1, -1, encoded.shape[2]))
    loss: Tensor = (matcher(rows) - wanted)[batch.token_mask].square().mean()
    return loss


def soft_targets(scores: Scores, tagger: Tagger) -> Scores:
    """The probability of each tag and class by a teacher's raw scores; what stands behind these is left as it is.

    Shape: (n_tokens, n_scores or more), both.
    """
    found, offset = [], 0
    for layer, transitions in tagger.settings.transitions.items():
        emissions = scores[:, offset : offset + N_TAGS[layer]]
        found.append(best_path(emissions, np.array(transitions, dtype=np.float32)).marginals)
        offset += N_TAGS[layer]
    for classes in HEADS.values():
        logits = scores[:, offset : offset + len(classes)]
        found.append(np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)))
        offset += len(classes)
    found.append(scores[:, offset:])
    return np.concatenate(found, axis=1)


class TorchScorer:
    """A Scorer that runs the torch model; behind the scores it may give what the encoder's last layer gives."""

    def __init__(self, model: TokenClassifier, *, with_encoded: bool = False) -> None:
        self.model, self.with_encoded = model.eval(), with_encoded

    def __call__(self, ids: Ints, mask: Ints, features: Ints) -> Scores:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            encoded = self.model.encode(torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(features))
            scores = self.model.score(encoded)
            scores = torch.cat([scores, encoded.to(scores.dtype)], dim=2) if self.with_encoded else scores
        return np.asarray(scores.float().numpy(), dtype=np.float32)


def tagger_settings(model: TokenClassifier, max_pieces: int) -> TaggerSettings:
    """The settings that the trained model runs under."""
    transitions = {}
    for layer in LAYER_NAMES:
        crf = cast(Crf, model.crfs[layer])
        matrix = crf.transitions.detach().numpy() + allowed_transitions(layer)
        transitions[layer] = np.round(matrix, 4).tolist()
    heads = {f"{label}.{attribute}": list(classes) for (label, attribute), classes in HEADS.items()}
    return TaggerSettings(
        transitions,
        heads,
        max_pieces=max_pieces,
        start_bonus=dict(START_BONUS),
        repeat_bonus=REPEAT_BONUS,
        known_initials_bonus=KNOWN_INITIALS_BONUS,
        unknown_initials_bonus=UNKNOWN_INITIALS_BONUS,
        indicator_bonus=INDICATOR_BONUS,
        listed_bonus=LISTED_BONUS,
        unlisted_bonus=UNLISTED_BONUS,
    )


def torch_tagger(model: TokenClassifier, tokenizer: Tokenizer, max_pieces: int) -> Tagger:
    """A tagger that runs the torch model."""
    return Tagger(tokenizer, TorchScorer(model), tagger_settings(model, max_pieces))


def quick_scores(tagger: Tagger, documents: Sequence[LabelledDocument]) -> dict[str, float]:
    """Strict F1 a label and the headline micro, for watching a run; the evaluation proper is `minutes evaluate`."""
    counts = total(_counts(tagger, document.annotated) for document in documents)
    scores = {label: count.f1 for label, count in counts.items()} | {"headline": micro(counts).f1}
    return {key: round(score, 3) for key, score in scores.items()}


def _counts(tagger: Tagger, gold: AnnotatedText) -> dict[str, Counts]:
    return count_spans(gold, replace_spans(gold, tagger(gold.text, parse_text(gold.text))))


def run(
    model: TokenClassifier,
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    settings: TrainSettings,
    watched: Mapping[str, Sequence[LabelledDocument]],
    out: Path,
    vary: Vary | None = None,
) -> TokenClassifier:
    """Train on the examples; the averaged model, saved to `out`/weights.pt after each epoch.

    With `vary`, an example goes through it in each epoch, before its people get other names.
    """
    rng = random.Random(settings.seed)
    torch.manual_seed(settings.seed)
    pools = load_pools()
    n_windows = sum(len(random_windows(e, settings.max_pieces, random.Random(k))) for k, e in enumerate(examples))
    soft = next((example.soft for example in examples if example.soft is not None), None)
    n_encoded = 0 if soft is None else soft.shape[1] - N_SCORES
    trainer = Trainer(model, settings, settings.epochs * n_windows // settings.batch_size, n_encoded)
    for epoch in range(1, settings.epochs + 1):
        started, losses = time.monotonic(), []
        seen = examples if vary is None else [vary(k, rng) for k in range(len(examples))]
        windows = _epoch_windows(seen, pools, rng, tokenizer, settings)
        for batch in iter_batches(windows, settings.batch_size, tokenizer, settings.mask_rate, rng):
            losses.append(trainer.step(batch))
            if len(losses) % 50 == 0:
                print(f"  step {len(losses)} loss {np.mean(losses[-50:]):.4f}", flush=True)
        averaged = cast(TokenClassifier, trainer.average.module)
        torch.save(plain_weights(averaged), out / WEIGHTS_FILE)
        print(f"epoch {epoch} loss {np.mean(losses):.4f} {time.monotonic() - started:.0f} s", flush=True)
        if epoch % 2 == 0 or epoch == settings.epochs:
            for name, documents in watched.items():
                tagger = torch_tagger(averaged, tokenizer, settings.max_pieces)
                print(f"  {name}: {quick_scores(tagger, documents)}", flush=True)
    return averaged


def _epoch_windows(
    examples: Sequence[Example], pools: NamePools, rng: random.Random, tokenizer: Tokenizer, settings: TrainSettings
) -> list[tuple[Example, Window]]:
    items = []
    for example in examples:
        varied = rename_people(example, pools, rng, tokenizer) if rng.random() < settings.rename_rate else example
        items += [(varied, window) for window in random_windows(varied, settings.max_pieces, rng)]
    return items


def with_soft_targets(
    examples: Sequence[Example], documents: Sequence[LabelledDocument], run: Path, *, with_encoded: bool = False
) -> list[Example]:
    """The examples with what the model of another run, or a released one, believes of their documents.

    With `with_encoded` also what its encoder's last layer gives, each channel with mean 0 and deviation 1.
    """
    tagger = _teacher(run, with_encoded=with_encoded)
    found = []
    for example, document in zip(examples, documents, strict=True):
        text = document.annotated.text
        scores = tagger.scores(encode_text(text, parse_text(text), tagger.tokenizer))
        found.append(replace(example, soft=soft_targets(scores, tagger).astype(np.float16)))
    if with_encoded:
        _standardise([example.soft[:, N_SCORES:] for example in found if example.soft is not None])
    return found


def _standardise(rows: Sequence[npt.NDArray[np.float16]]) -> None:
    """In place; shape (n_tokens, n_channels) each."""
    n = sum(len(part) for part in rows)
    mean = sum(part.sum(axis=0, dtype=np.float64) for part in rows) / n
    deviation = np.sqrt(sum(((part - mean) ** 2).sum(axis=0) for part in rows) / n)
    for part in rows:
        part[:] = (part - mean) / np.maximum(deviation, TINY)


def _teacher(run: Path, *, with_encoded: bool) -> Tagger:
    if is_released(run) and not with_encoded:
        return load_tagger(run / TAGGER_FOLDER)
    teacher = load_run(run)
    tokenizer = load_tokenizer(teacher.encoder / "vocab.txt")
    scorer = TorchScorer(teacher.model, with_encoded=with_encoded)
    return Tagger(tokenizer, scorer, tagger_settings(teacher.model, teacher.about["max_pieces"]))


def held_out_organisations(documents: Sequence[LabelledDocument], fold: int, n_folds: int) -> frozenset[str]:
    """The organisations of real minutes that a fold holds out; the folds share none and hold all."""
    organisations = sorted({d.organisation for d in documents if not d.invented})
    random.Random(0).shuffle(organisations)
    return frozenset(organisations[fold::n_folds])


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="mpnet", help="name in training/encoders.py, or a folder")
    parser.add_argument("--layers", type=int, default=12, help="layers kept of the encoder, from the bottom")
    parser.add_argument(
        "--start",
        type=Path,
        help="folder of a run, or of a released model, whose weights to go on from, in place of the encoder's",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        help="folder of a run, or of a released model, whose scores the model learns beside the labels",
    )
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--real-only", action="store_true", help="leave the invented minutes out, as a last step")
    parser.add_argument(
        "--styles", nargs="*", default=(), help="house styles of invented minutes kept in spite of that"
    )
    parser.add_argument(
        "--rounded",
        type=int,
        nargs=3,
        metavar=("ATTENTION", "FEED_FORWARD", "EMBEDDINGS"),
        help="bits to which weights are rounded in training, as a last step before the release",
    )
    parser.add_argument("--fold", type=int, help="which fold of the organisations to hold out and to watch")
    parser.add_argument("--folds", type=int, default=5)
    for name, default in asdict(TrainSettings()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    options = vars(parser.parse_args(arguments))
    encoder, layers, start, texts, out = (options.pop(k) for k in ("encoder", "layers", "start", "texts", "out"))
    teacher, rounded = options.pop("teacher"), options.pop("rounded")
    fold, n_folds, real_only, styles = (options.pop(k) for k in ("fold", "folds", "real_only", "styles"))
    settings = TrainSettings(**options)
    if settings.encoded_weight and teacher is None:
        parser.error("--encoded-weight needs a teacher")
    out.mkdir(parents=True, exist_ok=True)
    corpora = load(texts)
    documents = [d for d in map(from_row, corpora["train"]) if not (real_only and d.invented and d.kind not in styles)]
    held_out = {}
    if fold is not None:
        chosen = held_out_organisations(documents, fold, n_folds)
        held_out = {"fold": [d for d in documents if d.organisation in chosen]}
        documents = [d for d in documents if d.organisation not in chosen]
    else:
        held_out = {name: [from_row(row) for row in corpora[name]] for name in corpora if name in ("dev", "real_dev")}
    before = None if start is None else load_run(start)
    if before is not None:
        encoder, layers = before.about["encoder"], before.about["layers"]
    encoder_folder = find_encoder(encoder)
    tokenizer = load_tokenizer(encoder_folder / "vocab.txt")
    examples = [to_example(d.annotated, tokenizer) for d in documents]
    print(f"{len(examples)} documents, {sum(e.n_unaligned for e in examples)} spans that cut a token", flush=True)
    if teacher is not None:
        examples = with_soft_targets(examples, documents, teacher, with_encoded=settings.encoded_weight > 0)
    torch.manual_seed(settings.seed)
    model = TokenClassifier(ModelSettings(encoder_folder, layers)) if before is None else before.model
    about = {"encoder": encoder, "layers": layers, "fold": fold, "folds": n_folds, **asdict(settings)}
    about |= {"teacher": None if teacher is None else describe(teacher)}
    about |= {"real_only": real_only, "styles": list(styles), "rounded": rounded}
    about |= {"start": None if before is None else before.about}
    about |= {"heads": None if before is None else before.about.get("heads")}
    (out / RUN_FILE).write_text(json.dumps(about, indent=1))
    if rounded is not None:
        write_grids(put_on_grids(model, Bits(*rounded)), out)
    first = None if before is None else {name: weights.clone() for name, weights in model.state_dict().items()}
    trained = run(model, examples, tokenizer, settings, held_out, out)
    if first is not None:
        trained.load_state_dict(mean_weights(first, trained.state_dict(), settings.start_share))
        torch.save(plain_weights(trained), out / WEIGHTS_FILE)


def mean_weights(one: Mapping[str, Tensor], other: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """The weighted mean of two models, `share` of the first; whole numbers are those of the second.

    Source: Wortsman et al. 2022, Model soups.
    """
    return {
        name: share * one[name] + (1 - share) * weights if weights.is_floating_point() else weights
        for name, weights in other.items()
    }


if __name__ == "__main__":
    main()
