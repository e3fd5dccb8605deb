import numpy as np
import pytest

from extractor.annotations import AnnotatedText, Relation
from extractor.linking.context import Context
from extractor.linking.link import link_by_rules
from extractor.linking.network import load_network
from extractor.linking.period_choice import FEATURES, N_BEFORE, N_BEHIND, PeriodPairs
from extractor.structure import parse_text
from tests.markup import annotate


def pairs_of(inline: str) -> PeriodPairs:
    annotated = annotate(inline)
    context = Context(AnnotatedText(annotated.doc_id, annotated.text, annotated.spans), parse_text(annotated.text))
    return PeriodPairs(context, link_by_rules(context))


def features_of(inline: str) -> dict[str, float]:
    """Of the first candidate."""
    return dict(zip(FEATURES, pairs_of(inline).features()[0].tolist(), strict=True))


@pytest.mark.parametrize(
    ("inline", "expected"),
    [
        ("⟨I|Rent⟩ was ⟨Q|£9⟩ in ⟨T|2020⟩.", {"ruled": 1, "before": 0, "touches": 1, "own": 1, "year": 1, "alone": 1}),
        ("In ⟨T|last year⟩ the ⟨I|share⟩ was ⟨Q|9%⟩.", {"before": 1, "back": 1, "behind_preposition": 1, "percent": 1}),
        ("⟨T|2020⟩:\n\n⟨I|Rent⟩ ⟨Q|£9⟩", {"same_line": 0, "same_paragraph": 0, "bare_line": 1, "heads": 1, "money": 1}),
        (
            "## Accounts for ⟨T|2020⟩\n\nThe ⟨I|rent⟩ was ⟨Q|£9⟩.",
            {"in_title": 1, "same_paragraph": 0},
        ),
        ("The ⟨I|rent⟩ was ⟨Q|£9⟩. It rained in ⟨T|May⟩.", {"before": 0, "one_sentence": 0, "stops": 0.25}),
    ],
)
def test_features(inline: str, expected: dict[str, float]) -> None:
    found = features_of(inline)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_the_nearest_periods_are_weighed_and_what_the_rules_chose() -> None:
    many = " ".join(f"⟨T|{2000 + k}⟩." for k in range(N_BEFORE + 3))
    behind = " ".join(f"⟨T|{2100 + k}⟩." for k in range(N_BEHIND + 3))
    pairs = pairs_of(f"{many} The ⟨I|rent⟩ was ⟨Q|£9⟩. {behind}")
    text = pairs.context.text
    years = [period.text_of(text) for _, period in pairs.candidates]
    assert years == [str(2003 + k) for k in range(N_BEFORE)] + [str(2100 + k) for k in range(N_BEHIND)]
    metric, first = pairs.candidates[0][0], pairs.context.of("PERIOD")[0]
    ruled = PeriodPairs(pairs.context, [Relation("period", metric.id, first.id)])
    assert [period for _, period in ruled.candidates][-1] is first
    assert ruled.features()[-1, FEATURES.index("ruled")] == 1.0


def test_no_metrics_have_no_candidates() -> None:
    pairs = pairs_of("In ⟨T|2020⟩ nothing was counted.")
    assert pairs.candidates == []
    assert pairs.features().shape == (0, len(FEATURES))


def test_the_shipped_network_has_a_row_for_each_feature() -> None:
    network = load_network("period", FEATURES)
    assert network.hidden.shape == (len(FEATURES), len(network.out))
    assert network(np.zeros((2, len(FEATURES)), np.float32)).shape == (2,)
