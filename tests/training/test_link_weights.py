import json
from pathlib import Path

import numpy as np
import pytest

from tests.markup import annotate
from training.corpus import LabelledDocument
from training.link_weights import KINDS, average, count, fit, write_weights

EXAMPLES = {
    "same": (
        "⟨A a1|⟨P|Ann⟩ will mend the northern gate⟩.\n\n⟨A|⟨P|Bo⟩ will count chairs⟩.\n\n"
        "Action: ⟨A same=a1|Mend the northern gate⟩\n"
    ),
    "period": (
        "⟨I i|Income⟩ was ⟨Q of=i period=t1|£90⟩ in ⟨T t1|2020⟩ and ⟨Q of=i period=t2|£70⟩ in ⟨T t2|2021⟩.\n\n"
        "The hall has ⟨Q of=j|40⟩ ⟨I j|chairs⟩.\n"
    ),
}

BY_RULES = {"same": 0.0, "period": 1.0}
"""The share of the pairs that the rules find: none are for tasks that are the same."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_network_learns_what_belongs_together(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    document = kind.read(LabelledDocument(annotate(EXAMPLES[name]), "Hilltop Trust", "charity", True))
    assert 0 < document.truth.sum() < len(document.truth)
    assert count(name, [(document, None)])[name].recall == BY_RULES[name]
    network = fit(kind, [document])
    counts = count(name, [(document, network)])
    assert [counts[key].f1 for key in (name, kind.records[0])] == [1.0, 1.0]
    write_weights(kind, network, tmp_path / "weights.json")
    kept = json.loads((tmp_path / "weights.json").read_text(encoding="utf-8"))
    assert list(kept["hidden"]) == list(kind.features)
    assert np.allclose([kept["hidden"][feature] for feature in kind.features], network.hidden, atol=1e-3)
    assert np.allclose(kept["out"], network.out, atol=1e-3)


def test_a_pair_is_weighed_against_the_other_pairs_of_its_head() -> None:
    kind = KINDS["period"]
    document = kind.read(LabelledDocument(annotate(EXAMPLES["period"]), "Hilltop Trust", "charity", True))
    assert document.heads.tolist() == [0, 0, 1, 1, 2, 2]
    assert document.truth.tolist() == [1, 0, 0, 1, 0, 0]


def test_the_mean_of_networks_has_the_mean_of_their_logits() -> None:
    kind = KINDS["period"]
    document = kind.read(LabelledDocument(annotate(EXAMPLES["period"]), "Hilltop Trust", "charity", True))
    one, other = (fit(kind, [document], seed) for seed in (0, 1))
    logits = [network(document.features) for network in (one, other)]
    assert not np.allclose(*logits, atol=1e-2)
    assert np.allclose(average([one, other])(document.features), np.mean(logits, axis=0), atol=1e-4)
