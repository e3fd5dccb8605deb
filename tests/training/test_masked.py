import random
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from extractor.alignment import piece_id
from tests.markup import annotate
from training.corpus import LabelledDocument
from training.examples import to_example
from training.masked import NOT_GUESSED, MaskedModel, hide, iter_pieces, texts_to_learn, train, write_encoder
from training.model import ModelSettings, TokenClassifier
from training.train import held_out_organisations

TEXT = "Present: ⟨P att=present|Ann Lee⟩\n\nThe bus shelter was painted. The bench was not."


def test_only_words_are_hidden_and_what_is_hidden_is_to_be_guessed() -> None:
    ids = torch.tensor([[1, 10, 11, 12, 13, 2], [1, 10, 11, 2, 0, 0]]).repeat(200, 1)
    mask = (ids > 0).long()
    hidden, wanted = hide(ids, mask, 99, 50, torch.Generator().manual_seed(0))
    guessed = wanted != NOT_GUESSED
    assert not guessed[ids < 10].any()
    assert (wanted[guessed] == ids[guessed]).all()
    assert (hidden[~guessed] == ids[~guessed]).all()
    assert 0.1 < guessed[ids >= 10].float().mean() < 0.2
    assert 0.7 < (hidden[guessed] == 99).float().mean() < 0.9
    assert ((hidden != 99) & (hidden != ids) & guessed).any()


def test_windows_hold_every_piece_and_end_in_special_ones(tokenizer: Tokenizer) -> None:
    example = to_example(annotate(TEXT), tokenizer)
    ((ids, mask),) = iter_pieces([example], 8, tokenizer, random.Random(0))
    ends = [piece_id(tokenizer, "[CLS]"), piece_id(tokenizer, "[SEP]")]
    assert ids[0].tolist() == [ends[0], *example.encoding.pieces.ids.tolist(), ends[1]]
    assert mask.tolist() == [[1] * ids.shape[1]]


def test_guessing_gets_better_and_the_encoder_can_be_used(encoder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = MaskedModel(encoder, 1)
    words = model.encoder.embeddings.word_embeddings.weight.clone()
    examples = [to_example(annotate(TEXT), tokenizer)] * 16
    losses = train(model, examples, tokenizer, epochs=200, lr=5e-3, seed=1)
    assert losses[-1] < 0.5 * losses[0]
    write_encoder(model, encoder, tmp_path)
    loaded = TokenClassifier(ModelSettings(tmp_path, 1)).encoder
    assert torch.equal(loaded.embeddings.word_embeddings.weight, words)
    weights = dict(model.encoder.named_parameters())
    assert all(torch.equal(value, weights[name]) for name, value in loaded.named_parameters())
    before = TokenClassifier(ModelSettings(encoder, 1)).encoder
    assert not torch.equal(loaded.encoder.layer[0].output.dense.weight, before.encoder.layer[0].output.dense.weight)


@pytest.mark.parametrize("fold", [0, 1])
def test_texts_of_held_out_organisations_are_not_read(fold: int) -> None:
    documents = [LabelledDocument(annotate("x"), f"Body {k}", "council", False) for k in range(6)]
    documents.append(LabelledDocument(annotate("x"), "Invented", "rolls", True))
    learned = texts_to_learn(documents, fold, 2)
    assert {d.organisation for d in learned} == {d.organisation for d in documents} - held_out_organisations(
        documents, fold, 2
    )
    assert documents[-1] in learned
    assert texts_to_learn(documents, None, 2) == documents
