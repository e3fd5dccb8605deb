import json
from pathlib import Path

import numpy as np

from extractor.linking.same_features import FEATURES
from tests.markup import annotate
from training.corpus import LabelledDocument
from training.same_links import count, fit, read_tasks, write_weights

ONE = (
    "⟨A a1|⟨P|Ann⟩ will mend the northern gate⟩.\n\n⟨A|⟨P|Bo⟩ will count chairs⟩.\n\n"
    "Action: ⟨A same=a1|Mend the northern gate⟩\n"
)


def test_a_network_learns_which_tasks_are_one(tmp_path: Path) -> None:
    document = read_tasks(LabelledDocument(annotate(ONE), "Hilltop Trust", "charity", True))
    assert document.is_same.sum() == 1
    assert count([(document, None)])["same"].recall == 0.0
    network = fit([document], n_steps=100)
    counts = count([(document, network)])
    assert counts["same"].f1 == 1.0
    assert counts["action text"].f1 == 1.0
    write_weights(network, tmp_path / "weights.json")
    kept = json.loads((tmp_path / "weights.json").read_text(encoding="utf-8"))
    assert list(kept["hidden"]) == list(FEATURES)
    assert np.allclose([kept["hidden"][name] for name in FEATURES], network.hidden, atol=1e-3)
    assert np.allclose(kept["out"], network.out, atol=1e-3)
