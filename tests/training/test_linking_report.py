import hashlib
import json
from pathlib import Path

import pytest

from extractor.annotations import to_standoff
from tests.markup import annotate
from training.linking_report import count_attributes, fold_of, iter_errors, main, without_links

INLINE = (
    "Present: ⟨P p1 role=r1 att=present|Ann Lee⟩ (⟨R r1|Chair⟩)\n\n"
    "⟨A a1 owner=p2|⟨P p2|Ann⟩ will write to the school⟩.\n"
    "⟨X x1 kind=deferred|The plan was put off⟩. It cost ⟨Q q1 of=i1|£9⟩ in ⟨I i1|fees⟩.\n"
)


def write(folder: Path, name: str) -> None:
    gold = annotate(INLINE, name)
    (folder / f"{name}.txt").write_text(gold.text, encoding="utf-8")
    (folder / f"{name}.json").write_text(json.dumps(to_standoff(gold)), encoding="utf-8")


def test_the_report_has_a_row_for_each_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("alder--2020", "birch--2020", "cedar--2020", "dogwood--2020"):
        write(tmp_path, name)
    main(["--texts", str(tmp_path), "--errors", "owner"])
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines() if line.startswith("owner ")]
    assert rows
    assert all(row[3:] == ["100.0", "100.0", "100.0"] for row in rows)
    assert "school" not in printed


def test_errors_are_marked_as_missed_or_wrong() -> None:
    gold = annotate(INLINE)
    (missed,) = iter_errors(gold, without_links(gold), "owner")
    (wrong,) = iter_errors(without_links(gold), gold, "owner")
    assert (" - " in missed, " + " in wrong) == (True, True)
    assert "[H [T Ann T] will" in missed


def test_attributes_are_counted_beside_their_default() -> None:
    gold = annotate(INLINE)
    counts = count_attributes(gold, without_links(gold))
    assert (counts["decision kind"].n_gold, counts["decision kind"].tp) == (1, 0)
    assert counts["metric kind (all)"].f1 == 1.0
    assert counts["person att"].n_gold == 1


def test_an_organisation_is_in_one_third() -> None:
    assert fold_of("alder--2020-01") == fold_of("alder--2021-02")
    expected = int(hashlib.sha256(b"alder").hexdigest(), 16) % 3
    assert fold_of("alder") == expected
