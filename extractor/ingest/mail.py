"""Mails: the body as one text, each readable attachment as another."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

from extractor.ingest.builder import Content
from extractor.ingest.characters import clean, decode
from extractor.ingest.html import read_html
from extractor.ingest.limits import ReadOptions
from extractor.ingest.source import Warning

MAX_NAME_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail."""

    name: str
    data: bytes


def read_mail(data: bytes, options: ReadOptions) -> Content:
    """The body of the mail, its plain text rather than its HTML; empty where it has none."""
    message = parse_mail(data)
    part = _body(message)
    if part is None:
        return Content("")
    payload = _payload(part)
    charset = options.encoding or part.get_content_charset()
    if part.get_content_type() == "text/html":
        content = read_html(payload, replace(options, encoding=_known(charset, payload)))
        return replace(content, warnings=_attachment_warnings(message))
    text, encoding = decode(payload, options.encoding, charset)
    return Content(clean(text), encoding=encoding, warnings=_attachment_warnings(message))


def parse_mail(data: bytes) -> EmailMessage:
    """The mail as the standard library reads it, which takes any bytes."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def iter_attachments(data: bytes, options: ReadOptions) -> Iterator[Attachment]:
    """The attached files in order, up to the limit; pictures shown within the body are none."""
    message = parse_mail(data)
    body = _body(message)
    n_found = 0
    for part in _leaves(message):
        if part is body or part.get_content_maintype() == "image":
            continue
        if part.get_content_maintype() == "text" and not part.get_filename():
            continue
        n_found += 1
        if n_found > options.limits.max_attachments:
            return
        yield Attachment(_name(part, n_found), _payload(part))


def _attachment_warnings(message: EmailMessage) -> tuple[Warning, ...]:
    n_defects = sum(len(part.defects) for part in message.walk())
    return (Warning("mail_defects", f"{n_defects} breaches of the mail format"),) if n_defects else ()


def _body(message: EmailMessage) -> EmailMessage | None:
    """The first plain text that says something, else the first HTML."""
    texts = [part for part in _leaves(message) if part.get_content_maintype() == "text" and not part.is_attachment()]
    named = [part for part in texts if not part.get_filename()]
    for wanted in ("text/plain", "text/html"):
        for part in named:
            if part.get_content_type() == wanted and _payload(part).strip():
                return part
    return None


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are no containers; an attached mail counts as one part."""
    pending = [message]
    while pending:
        part = pending.pop(0)
        if part.get_content_type() == "message/rfc822" or not part.is_multipart():
            yield part
        else:
            pending = [p for p in part.iter_parts() if isinstance(p, EmailMessage)] + pending


def _payload(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and isinstance(inner[0], EmailMessage) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _name(part: EmailMessage, number: int) -> str:
    """The attachment's name without folders and control characters."""
    given = "".join(c for c in part.get_filename() or "" if c.isprintable()).replace("\\", "/").rpartition("/")[2]
    if given.strip(". "):
        return given.strip()[-MAX_NAME_CHARS:]
    return f"attachment-{number}" + (".eml" if part.get_content_type() == "message/rfc822" else "")


def _known(charset: str | None, payload: bytes) -> str | None:
    """The charset if the payload really is of it."""
    if charset is None:
        return None
    try:
        payload.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None
    return charset
