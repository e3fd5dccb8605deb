"""Ties spans into records: attributes and relations by rules over text and layout, two kinds weighed by networks."""

from extractor.linking.link import link

__all__ = ["link"]
