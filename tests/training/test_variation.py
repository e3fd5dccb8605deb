import random

import pytest

from extractor.annotations import AnnotatedText
from tests.markup import annotate
from training.variation import MISREAD, WAYS, Piece, beside, misread, other_case, rebuild, rewrapped

LIST = annotate(
    "PRESENT\n⟨P|Ann Lee⟩\n⟨P|Bo Dun⟩\n⟨P role=r|Cy Fall⟩, ⟨R r|Clerk⟩\n⟨P|Di Gray⟩\n⟨P|Ed Hart⟩\n\n"
    "⟨A owner=r|The ⟨R|Clerk⟩ will write to the water board about the level of the river at the lower\nsluice⟩."
)


def spans_without_spaces(annotated: AnnotatedText) -> list[tuple[str, str]]:
    return sorted((s.id, "".join(s.text_of(annotated.text).split())) for s in annotated.spans)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_spans_and_links_stay(way: str, seed: int) -> None:
    changed = WAYS[way](LIST, random.Random(seed))
    assert changed.relations == LIST.relations
    assert sorted((s.id, s.label) for s in changed.spans) == sorted((s.id, s.label) for s in LIST.spans)
    if way in ("columns", "line breaks"):
        assert spans_without_spaces(changed) == spans_without_spaces(LIST)
    elif way == "case":
        assert changed.text.casefold() == LIST.text.casefold()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_some_texts_are_changed(way: str) -> None:
    assert any(WAYS[way](LIST, random.Random(seed)).text != LIST.text for seed in range(6))


def test_a_list_stands_beside_itself() -> None:
    changed = next(c for seed in range(9) if (c := beside(LIST, random.Random(seed))).text != LIST.text)
    assert changed.text.splitlines()[:3] == [
        "PRESENT    Cy Fall, Clerk",
        "Ann Lee    Di Gray",
        "Bo Dun     Ed Hart",
    ]


def test_a_misread_letter_can_be_two() -> None:
    changed = rebuild(
        annotate("⟨P|Bo⟩ met ⟨P|Jim⟩."), [Piece(0, 9, "Bo met Ji"), Piece(9, 10, "rn"), Piece(10, 11, ".")]
    )
    assert [s.text_of(changed.text) for s in changed.spans] == ["Bo", "Jirn"]


def test_only_some_letters_are_misread() -> None:
    text = annotate("a" * 50 + "l" * 4000)
    changed = misread(text, random.Random(2)).text
    assert changed.startswith("a" * 50)
    assert set(changed) == {"a", "l", MISREAD["l"]}
    assert 20 < changed.count(MISREAD["l"]) < 120


def test_one_letter_stays_one() -> None:
    assert len(other_case(annotate("straße ŉ"), random.Random(1)).text) == 8


def test_lines_are_joined_or_broken_at_blanks_alone() -> None:
    rows = annotate("|" + " cell |" * 30 + "\n" + "word " * 60)
    found = {rewrapped(rows, random.Random(seed)).text for seed in range(9)}
    broken = [text for text in found if text != rows.text]
    assert broken
    assert all(text.splitlines()[0] == rows.text.splitlines()[0] for text in broken)
    joined = {rewrapped(LIST, random.Random(seed)).text for seed in range(9)}
    assert any("lower sluice" in text for text in joined)
