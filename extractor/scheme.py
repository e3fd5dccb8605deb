"""The annotation scheme as tables: labels, layers, attributes, relations. No logic lives here.

Source of every value: data/GUIDELINES.md.
"""

from typing import Final

ENTITY_LABELS: Final = (
    "PERSON",
    "ROLE",
    "TARGET_MEETING",
    "PAST_MEETING",
    "DUE_DATE",
    "METRIC",
    "INDICATOR",
    "PERIOD",
)
STATEMENT_LABELS: Final = ("ACTION", "DECISION")
LABELS: Final = (*ENTITY_LABELS, *STATEMENT_LABELS)
HEADLINE_LABELS: Final = ("PERSON", "ROLE", "TARGET_MEETING", "METRIC", "ACTION")

LAYERS: Final = {"entity": ENTITY_LABELS, "statement": STATEMENT_LABELS}

TAGS: Final = {
    "P": "PERSON",
    "R": "ROLE",
    "M": "TARGET_MEETING",
    "B": "PAST_MEETING",
    "D": "DUE_DATE",
    "Q": "METRIC",
    "I": "INDICATOR",
    "T": "PERIOD",
    "A": "ACTION",
    "X": "DECISION",
}
"""Inline tag to label."""

ATTRIBUTES: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("PERSON", "att"): ("present", "in_attendance", "guest", "apologies", "absent"),
    ("ACTION", "status"): ("open", "carried", "done"),
    ("DECISION", "kind"): ("approved", "agreed", "noted", "elected", "rejected", "deferred", "other"),
    ("METRIC", "kind"): ("level", "change", "target", "budget", "forecast"),
}
"""(label, attribute) to its values."""

FREE_ATTRIBUTES: Final = (("ACTION", "no"),)
"""(label, attribute) whose value is any string without white space."""

RELATIONS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("PERSON", "role"): ("ROLE",),
    ("ACTION", "owner"): ("PERSON", "ROLE"),
    ("ACTION", "due"): ("TARGET_MEETING", "DUE_DATE"),
    ("ACTION", "same"): ("ACTION",),
    ("METRIC", "of"): ("INDICATOR",),
    ("METRIC", "period"): ("PERIOD",),
    ("METRIC", "base"): ("PERIOD",),
}
"""(label of the head, relation) to the labels that its tail may have."""

OWNER_BASES: Final = ("bracket", "column", "subject", "named")
