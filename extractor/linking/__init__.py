"""Ties spans into records: attributes and relations by rules over the text and its layout, two kinds weighed by networks."""

from extractor.linking.link import link

__all__ = ["link"]
