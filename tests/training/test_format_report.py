import pytest

from extractor import errors
from extractor.annotations import AnnotatedText
from extractor.errors import UnreadableFile
from extractor.ingest import SourceText
from extractor.ingest.isolation import IsolatedReader
from tests.ingest.files import docx_of, p
from tests.markup import annotate
from training.format_report import compare, count_strings, iter_pairs, table_of
from training.gold import GoldDocument, source_of
from training.scoring import Counts

GOLD = annotate("⟨P|Ann Lee⟩ thanked ⟨P|Bo Ray⟩. ⟨P|Ann Lee⟩ left.")


class NamesPredictor:
    """Labels two names wherever they stand."""

    name = "names"

    def __call__(self, source: SourceText) -> AnnotatedText:
        marked = source.text.replace("Ann Lee", "⟨P|Ann Lee⟩").replace("Bo Ray", "⟨P|Bo Ray⟩")
        return annotate(marked)


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        pytest.param("⟨P|Bo Ray⟩\nand  ⟨P|Ann\nLee⟩", Counts(2, 2, 3), id="place and line ends do not count"),
        pytest.param("⟨P|Ann Lee⟩ ⟨P|Ann Lee⟩ ⟨P|Ann Lee⟩", Counts(2, 3, 3), id="no string counts too often"),
        pytest.param("⟨R|Ann Lee⟩", Counts(0, 0, 3), id="another label"),
    ],
)
def test_strings_are_counted(predicted: str, expected: Counts) -> None:
    assert count_strings(GOLD, annotate(predicted))["PERSON"] == expected


def test_a_document_is_scored_from_its_text_and_from_its_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("originals")
    document = GoldDocument(GOLD, source_of(GOLD))
    doc_id = GOLD.doc_id
    (folder / f"{doc_id}.docx").write_bytes(docx_of(p("Ann Lee thanked Bo Ray.")))
    (folder / f"{doc_id}.pdf").write_bytes(b"%PDF-1.7 broken")
    (folder / "another.pdf").write_bytes(b"")
    with IsolatedReader() as reader:
        pairs = list(iter_pairs([document], folder))
        docx, pdf = (compare(gold, path, NamesPredictor(), reader) for gold, path in pairs)
    assert docx.from_text["PERSON"] == Counts(3, 3, 3)
    assert docx.from_file["PERSON"] == Counts(2, 2, 3)
    assert pdf.from_file["PERSON"] == Counts(0, 0, 3)
    assert issubclass(getattr(errors, pdf.error), UnreadableFile)
    title, *rows, unreadable = table_of([docx, pdf])
    assert title.split()[:4] == ["format", "read", "from", "documents"]
    assert [row.split()[:4] for row in rows] == [
        ["docx", "text", "1", "1.000"],
        ["docx", "file", "1", "0.800"],
        ["pdf", "text", "1", "1.000"],
        ["pdf", "file", "1", "0.000"],
    ]
    assert unreadable.startswith(f"unreadable: {doc_id}.pdf: ")
