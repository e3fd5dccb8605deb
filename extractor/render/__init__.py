"""Minutes for people: a table for the terminal and a page for the browser."""

from extractor.render.page import to_html
from extractor.render.table import print_table

__all__ = ["print_table", "to_html"]
