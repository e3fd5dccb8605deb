from email.message import EmailMessage

import pytest

from extractor.errors import EmptyFile
from extractor.ingest import Limits, read, read_all
from tests.ingest.files import PdfMaker, docx_of, p


def mail(body: str | None = "Dear all,\nminutes attached.") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "clerk@example.org", "all@example.org", "Minutes"
    message["Message-ID"] = "<1@example.org>"
    if body is not None:
        message.set_content(body)
    return message


def pdf() -> bytes:
    maker = PdfMaker()
    maker.text(50, 100, "Minutes of the Board")
    return maker.done()


def test_body_and_attachments() -> None:
    message = mail()
    message.add_attachment(pdf(), maintype="application", subtype="pdf", filename="../../minutes.pdf")
    message.add_attachment(docx_of(p("Annex")), maintype="application", subtype="octet-stream", filename="annex.docx")
    message.add_attachment(b"\x89PNG" + bytes(50), maintype="application", subtype="octet-stream", filename="x.png")
    message.add_attachment(b"\x89PNG" + bytes(50), maintype="image", subtype="png")
    message.add_attachment(b"Agenda", maintype="text", subtype="plain", filename="agenda.txt")
    sources = read_all(message.as_bytes(), "mail.eml")
    assert [(s.name, s.text) for s in sources] == [
        ("mail.eml", "Dear all,\nminutes attached."),
        ("mail.eml/minutes.pdf", "Minutes of the Board"),
        ("mail.eml/annex.docx", "Annex"),
        ("mail.eml/agenda.txt", "Agenda"),
    ]
    assert [(w.code, w.detail) for w in sources[0].warnings] == [
        ("attachment_unreadable", "attachment 3: UnsupportedFormat")
    ]
    assert sources[0].media_type == "message/rfc822"
    assert read(message.as_bytes(), "mail.eml") == sources[0]


def test_plain_is_preferred_and_html_is_read() -> None:
    message = mail("plain")
    message.add_alternative("<p>html</p>", subtype="html")
    assert read(message.as_bytes(), "m.eml").text == "plain"
    html = mail(None)
    html.set_content("<p>Zoë</p>", subtype="html", charset="iso-8859-1")
    assert read(html.as_bytes(), "m.eml").text == "Zoë"


def test_attachment_alone() -> None:
    message = mail("  ")
    message.add_attachment(pdf(), maintype="application", subtype="pdf")
    message.add_attachment(b"\x89PNG" + bytes(50), maintype="application", subtype="octet-stream")
    source = read(message.as_bytes(), "m.eml")
    assert (source.name, source.text, len(source.warnings)) == ("m.eml/attachment-1", "Minutes of the Board", 1)


def test_empty_mail() -> None:
    with pytest.raises(EmptyFile):
        read(mail(" ").as_bytes(), "m.eml")
    with pytest.raises(EmptyFile):
        read(mail(None).as_bytes(), "m.eml")


def test_mail_within_mail_ends() -> None:
    message = mail("level 0")
    for level in range(1, 7):
        outer = mail(f"level {level}")
        outer.add_attachment(message)
        message = outer
    sources = read_all(message.as_bytes(), "m.eml")
    assert [s.text for s in sources] == ["level 6", "level 5", "level 4", "level 3"]
    assert sources[1].name == "m.eml/attachment-1.eml"


def test_limit_and_unknown_charset() -> None:
    message = mail()
    for _ in range(3):
        message.add_attachment(b"Agenda", maintype="text", subtype="plain", filename="a.txt")
    assert len(read_all(message.as_bytes(), "m.eml", limits=Limits(max_attachments=2))) == 3
    raw = b"From: a@b.c\nMessage-ID: <1@b.c>\nContent-Type: text/%s; charset=nonsense\n\n<p>Zo\xeb</p>"
    assert read(raw % b"html", "m.eml").text == "Zoë"
    assert read(raw % b"plain", "m.eml").text == "<p>Zoë</p>"
