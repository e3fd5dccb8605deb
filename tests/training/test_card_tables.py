import json
from pathlib import Path

import pytest

from tests.markup import annotate
from training.card_tables import main
from training.predict import Prediction
from training.results import evaluate, to_json

GOLD = annotate("⟨P att=present|Ann Lee⟩ and ⟨P|Bo⟩ met the ⟨R|Chair⟩.")
PREDICTED = annotate("⟨P att=present|Ann Lee⟩ and Bo met the ⟨R|Chair⟩.")


def test_the_tables_say_what_the_scores_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation = evaluate("m", [Prediction(GOLD, PREDICTED, 7, 1.0)])
    (tmp_path / "scores.json").write_text(json.dumps(to_json(evaluation, evaluation)))
    (tmp_path / "sources.tsv").write_text(f"doc_id\ttype\n{GOLD.doc_id}\tclub\n")
    main([str(tmp_path / "scores.json"), "--by", str(tmp_path / "sources.tsv")])
    spans, records, groups = capsys.readouterr().out.split("\n\n")
    rows = {row.split("|")[1].strip(): [cell.strip() for cell in row.split("|")[2:-1]] for row in spans.split("\n")}
    assert rows["PERSON"][:3] == ["1.000", "0.500", "0.667"]
    assert rows["**headline five, micro**"] == ["1.000", "0.667", "0.800", "0.80–0.80", "0.800", "0.000", "3"]
    assert rows["METRIC"][5] == "–"
    assert "| attendance: name + status | 1.000 | 1.00–1.00 | 1.000 | 1.00–1.00 | 1 |" in records
    assert groups.split("\n")[2:] == ["| club | 1 | 0.800 | 0.80–0.80 | 3 |", ""]
