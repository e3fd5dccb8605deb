import pytest

from extractor.errors import CorruptFile, UnsupportedFormat
from extractor.ingest import BlockKind, SourceText, read


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"Chair: Zoe Quill\r\nClerk\rEnd\r\n\r\n", "Chair: Zoe Quill\nClerk\nEnd", "utf-8"),
        (b"\xef\xbb\xbfZo\xc3\xab Quill", "Zoë Quill", "utf-8"),
        ("Zoë Quill – £5".encode("cp1252"), "Zoë Quill – £5", "cp1252"),
        (b"Zo\xeb \x81 Quill", "Zoë   Quill", "latin-1"),
        (b"\xff\xfe" + "Zoë Quill".encode("utf-16-le"), "Zoë Quill", "utf-16-le"),
        (b"\xfe\xff" + "Zoë Quill".encode("utf-16-be"), "Zoë Quill", "utf-16-be"),
        ("Zoë Quill was present".encode("utf-16-le"), "Zoë Quill was present", "utf-16-le"),
        ("Zoë Quill was present".encode("utf-16-be"), "Zoë Quill was present", "utf-16-be"),
        (b"a\x00b\x07c\td\x0ce", "a b c\td\ne", "utf-8"),
    ],
)
def test_encoding_and_controls(data: bytes, text: str, encoding: str) -> None:
    source = read(data + b" " * 40 if b"\x07" in data else data, "minutes.txt")
    assert (source.text, source.encoding) == (text, encoding)


def test_a_guessed_encoding_is_told() -> None:
    assert [w.code for w in read("Zoë".encode("cp1252"), "a.txt").warnings] == ["encoding_guessed"]
    assert read("Zoë".encode(), "a.txt").warnings == ()


def test_encoding_asked_for() -> None:
    data = "Łukasz Żak".encode("cp1250")
    assert read(data, "a.txt", encoding="cp1250").text == "Łukasz Żak"
    with pytest.raises(CorruptFile):
        read(data, "a.txt", encoding="utf-8")
    with pytest.raises(UnsupportedFormat):
        read(data, "a.txt", encoding="no-such-thing")


def _blocks(source: SourceText, kind: BlockKind) -> list[tuple[str, int | None]]:
    return [(source.text[b.start : b.end], b.level) for b in source.blocks if b.kind is kind]


MARKDOWN = """# Minutes

- Zoe Quill
    - deputy
1. First

```
# no heading
```
## Table ##

| Name | Role |
|------|:----:|
| Zoe \\| Q | Chair |
|  | Clerk |
after
"""


def test_markdown_blocks() -> None:
    source = read(MARKDOWN.encode(), "minutes.md")
    assert source.media_type == "text/markdown"
    assert source.text == MARKDOWN.rstrip()
    assert _blocks(source, BlockKind.HEADING) == [("# Minutes", 1), ("## Table ##", 2)]
    assert _blocks(source, BlockKind.LIST_ITEM) == [("- Zoe Quill", 1), ("    - deputy", 3), ("1. First", 1)]
    cells = [(source.text[b.start : b.end], b.row, b.column) for b in source.blocks if b.kind is BlockKind.CELL]
    assert cells == [("Name", 0, 0), ("Role", 0, 1), ("Zoe \\| Q", 1, 0), ("Chair", 1, 1), ("Clerk", 2, 1)]


def test_very_long_line() -> None:
    assert len(read(b"a" * 10_000_000, "a.txt").text) == 10_000_000
    assert len(read(b"|" * 1_000_000, "a.md").text) == 1_000_000
