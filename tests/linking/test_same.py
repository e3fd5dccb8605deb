from collections.abc import Mapping

import numpy as np
import pytest

from extractor.annotations import AnnotatedText
from extractor.linking.context import Context
from extractor.linking.mentions import TaskMention, fold, list_mentions
from extractor.linking.network import Network, load_network
from extractor.linking.same import MAX_COPIES, group_tasks, score_pairs
from extractor.linking.same_features import FEATURES, MAX_MENTIONS, NEAR, TaskPairs
from extractor.structure import parse_text
from tests.linking.test_linking import arrows, relink
from tests.markup import annotate

TASKS = [
    # A label right behind the sentence, in other words and with another name of the owner.
    "3. Hall roof\n\nThe surveyor's report was discussed. ⟨P p1|Ann Lee⟩ (⟨P|AL⟩) said that "
    "⟨A a1 owner=p1|she would ask the builder for a price before the ⟨M|May meeting⟩⟩.\n\n"
    "Action: ⟨A a2 same=a1|Obtain price for hall roof from builder⟩ (⟨P p2|AL⟩)\n",
    # A summary at the end.
    "Present: ⟨P att=present|Ann Lee⟩, ⟨P att=present|Bo Ray⟩\n\n"
    "1. Drains\n\n⟨A a1|⟨P|Bo Ray⟩ will send the drainage survey to the county engineer⟩.\n\n"
    "2. Library\n\n⟨A a2|⟨P|Ann Lee⟩ will order twelve shelves for the library⟩.\n\n"
    "Summary of actions\n\n1. ⟨A a3 same=a1|Send drainage survey to county engineer⟩ - ⟨P|BR⟩\n"
    "2. ⟨A a4 same=a2|Order library shelves⟩ - ⟨P|AL⟩\n",
    # Two tasks of one person.
    "⟨A a1|⟨P|Ann Lee⟩ will paint the gate⟩.\n\n⟨A a2|⟨P|Ann Lee⟩ will write to the diocese about the bells⟩.\n",
    # Two tasks in one list that share their words.
    "Action 1: ⟨A a1|Write to the Northern school⟩\nAction 2: ⟨A a2|Write to the Southern school⟩\n",
]


@pytest.mark.parametrize("inline", TASKS)
def test_mentions_of_one_task_are_tied(inline: str) -> None:
    gold, linked = relink(inline)
    assert arrows(linked, "same") == arrows(gold, "same")


def mentions_of(inline: str) -> list[TaskMention]:
    annotated = annotate(inline)
    bare = AnnotatedText(annotated.doc_id, annotated.text, annotated.spans, annotated.relations)
    return list_mentions(Context(bare, parse_text(bare.text)), bare.relations)


def test_what_is_known_of_a_mention() -> None:
    first, second = mentions_of(
        "# Gates\n\nThe posts are rotten. ⟨A owner=p due=d|⟨P p|Ann Lee⟩ will circulate this to Hill Farm by "
        "⟨D d|30 June⟩⟩.\n\n"
        "## Actions\n\n- ⟨A|Circulation of the letter⟩\n"
    )
    assert first.stems == {"ann", "lee", "circul", "hill", "farm", "30", "june"}
    assert second.stems == {"circul", "letter"}
    assert (first.first, second.first) == ("circul", "circul")
    assert first.marks == {"lee", "hill", "farm", "30", "june"}
    assert {"posts", "rotten"} <= first.around
    assert first.heading == {"gates"}
    assert first.owners == {"ann", "lee", "AL"}
    assert first.dues == {"30 june"}
    assert (first.refers, second.refers) == (True, False)
    assert (first.set_apart, second.set_apart) == (False, True)


def test_tasks_with_next_to_nothing_between_make_a_list() -> None:
    entries = "\n".join(f"- ⟨A|Mend fence {k}⟩" for k in range(3))
    far = "Nothing else was said of any of the other fences on that long evening in the hall."
    found = mentions_of(f"{entries}\n\n{far}\n\n⟨A|Paint fence 4⟩\n")
    assert [mention.listed for mention in found] == [True, True, True, False]
    assert len({mention.list_number for mention in found}) == 2


def test_pairs_have_a_rare_word_in_common_or_stand_near() -> None:
    every = [f"⟨A|Check pump {chr(97 + k)}{chr(97 + k)}⟩." for k in range(MAX_MENTIONS + 2)]
    every[0] = "⟨A|Check pump and copper valve⟩."
    every[-1] = "⟨A|Check pump and copper pipe⟩."
    pairs = TaskPairs(mentions_of("\n\n".join(every)))
    last = len(every) - 1
    assert {pair for pair in pairs.candidates if pair[1] - pair[0] > NEAR} == {(0, last)}
    features = pairs.features()
    assert features.shape == (len(pairs.candidates), len(FEATURES))
    assert np.isfinite(features).all()
    row = dict(zip(FEATURES, features[pairs.candidates.index((0, last))], strict=True))
    assert row["only_these"] > 0
    assert row["first_word"] == 1
    assert row["equal"] == 0


def test_no_tasks_have_no_pairs() -> None:
    pairs = TaskPairs([])
    assert pairs.candidates == []
    assert pairs.features().shape == (0, len(FEATURES))


@pytest.mark.parametrize(
    ("scores", "groups"),
    [
        ({}, [[0], [1], [2]]),
        ({(0, 2): 1.0}, [[0, 2], [1]]),
        ({(0, 1): 1.0, (0, 2): 2.0, (1, 2): 3.0}, [[0, 1, 2]]),
        ({(0, 1): -1.0, (0, 2): 1.0, (1, 2): 2.0}, [[0], [1, 2]]),
        # The third is like the second but so unlike the first that it joins neither.
        ({(0, 1): 1.0, (0, 2): -5.0, (1, 2): 1.0}, [[0, 1], [2]]),
        # What is no candidate counts against it.
        ({(0, 1): 1.0, (1, 2): 1.0}, [[0, 1], [2]]),
    ],
)
def test_a_task_joins_the_group_that_fits_best(
    scores: Mapping[tuple[int, int], float], groups: list[list[int]]
) -> None:
    found = group_tasks(3, dict(scores))
    assert [[task for task, _ in group] for group in found] == groups


def test_a_formula_is_not_one_task() -> None:
    always = Network(np.zeros((len(FEATURES), 1), np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32), 1.0)
    for n_copies in (MAX_COPIES, MAX_COPIES + 1):
        pairs = TaskPairs(mentions_of("\n\n".join(["⟨A|Report back at once⟩."] * n_copies)))
        assert bool(score_pairs(pairs, pairs.features(), always)) == (n_copies == MAX_COPIES)


def test_the_shipped_network_has_a_row_for_each_feature() -> None:
    network = load_network("same", FEATURES)
    assert network.hidden.shape == (len(FEATURES), len(network.out))
    assert network.hidden_bias.shape == network.out.shape
    assert network(np.zeros((2, len(FEATURES)), np.float32)).shape == (2,)


def test_folding_leaves_words_alone() -> None:
    assert fold("Ann's *Report* – No. 3") == "ann s report no 3"
