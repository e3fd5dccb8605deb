from pathlib import Path

import pytest

from extractor.ingest import read
from extractor.linking import link
from extractor.records import build
from extractor.schema import Minutes, Model
from extractor.structure import parse
from tests.markup import annotate
from training.offsets_report import faults, main


def _record(inline: str) -> tuple[Minutes, str]:
    gold = annotate(inline)
    source = read(gold.text.encode(), "minutes.txt")
    structure = parse(source)
    return build(source, structure, link(gold, structure), Model(name="stub", version="0")), source.text


def test_a_sound_record_has_no_faults() -> None:
    minutes, text = _record("Present: ⟨P|Ann Lee⟩ and ⟨P|Bo Marsh⟩")
    assert faults(minutes, text) == []
    (first, second) = faults(minutes, "x" + text)
    assert "not the text at 9-16" in first
    assert "not the text at 21-29" in second


@pytest.mark.slow
def test_a_folder_is_checked_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("Present: Ann Lee (Chair)\n\nThe Chair would write to the council by May.\n")
    assert main([str(tmp_path)]) == 0
    assert "1 files, 1 documents" in capsys.readouterr().out
    (tmp_path / "b.txt").write_bytes(b"")
    assert main([str(tmp_path)]) == 1
    assert "b.txt: " in capsys.readouterr().out
