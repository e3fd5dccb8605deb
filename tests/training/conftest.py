from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from extractor.components import VOCABULARY_FILE


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Path:
    """A tiny BERT with random weights."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("encoder")
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=260,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (folder / VOCABULARY_FILE).write_text("\n".join(piece for piece, _ in pieces) + "\n", encoding="utf-8")
    return folder
