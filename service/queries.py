"""The query parameters that several routes share."""

from typing import Annotated

from fastapi import Depends, Query

from service.bodies import DATE, MeetingDate
from service.reading import ReadingOptions
from service.store import Page
from service.views import Format, OffsetUnit, View

Words = Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Day = Annotated[str | None, Query(pattern=DATE, description="YYYY, YYYY-MM or YYYY-MM-DD.")]
AskedFormat = Annotated[Format, Query(description="csv and ics hold the actions; xlsx also the rest.")]


def _view(
    include_text: Annotated[
        bool, Query(description="Whether the record holds the text that its offsets count in.")
    ] = True,
    min_confidence: Annotated[float, Query(ge=0, le=1, description="Leave out what is less sure.")] = 0.0,
    offset_unit: Annotated[
        OffsetUnit, Query(description="What offsets count: code points of Unicode, or units of UTF-16.")
    ] = "codepoint",
) -> View:
    return View(include_text, min_confidence, offset_unit)


def _options(
    encoding: Annotated[
        str | None, Query(max_length=40, pattern=r"^[A-Za-z0-9_.:-]+$", description="Of text files.")
    ] = None,
    ocr: Annotated[bool, Query(description="Read scanned pages by OCR, where it is installed.")] = False,
    meeting_date: Annotated[
        MeetingDate | None, Query(description="When the meeting was, should the file not say it.")
    ] = None,
) -> ReadingOptions:
    return ReadingOptions(encoding, ocr, meeting_date=meeting_date)


def _page(
    limit: Annotated[int, Query(ge=1, le=500)] = 50, offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0
) -> Page:
    return Page(limit, offset)


AskedView = Annotated[View, Depends(_view)]
AskedOptions = Annotated[ReadingOptions, Depends(_options)]
AskedPage = Annotated[Page, Depends(_page)]
