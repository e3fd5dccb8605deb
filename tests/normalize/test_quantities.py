import pytest

from extractor.normalize.quantities import Quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("– 0.3%", Quantity(-0.3, None, "%")),
        ("−4", Quantity(-4)),
        ("+5 %", Quantity(5, None, "%")),
        ("£1.2m", Quantity(1_200_000, None, "GBP")),
        ("€1.2 million", Quantity(1_200_000, None, "EUR")),
        ("$3k", Quantity(3000, None, "$")),
        ("A$50", Quantity(50, None, "AUD")),
        ("5 GBP", Quantity(5, None, "GBP")),
        ("-£57", Quantity(-57, None, "GBP")),
        ("£-57", Quantity(-57, None, "GBP")),
        ("£50 per month", Quantity(50, None, "GBP per month")),
        ("$1000-$1500/person", Quantity(1000, 1500, "$ per person")),
        ("74% - 94%", Quantity(74, 94, "%")),
        ("10 to 12 weeks", Quantity(10, 12, "weeks")),
        ("£5-10k", Quantity(5000, 10_000, "GBP")),
        ("(190)", Quantity(-190)),
        ("(£1,200)", Quantity(-1200, None, "GBP")),
        ("63,251", Quantity(63_251)),
        ("12 000", Quantity(12_000)),
        ("1080", Quantity(1080)),
        ("20 weeks", Quantity(20, None, "weeks")),
        ("3.5 FTE", Quantity(3.5, None, "FTE")),
        ("50p", Quantity(50, None, "pence")),
        ("1/4", Quantity(0.25)),
        ("½ hour", Quantity(0.5, None, "hour")),
        ("2+", Quantity(2)),
        ("12 percent", Quantity(12, None, "%")),
        ("four", Quantity(4)),
        ("Twenty-five", Quantity(25)),
        ("two hundred and six members", Quantity(206, None, "members")),
        ("half a million", Quantity(500_000)),
        ("two thirds", Quantity(0.666667)),
        ("a dozen", Quantity(12)),
        ("three million pounds", Quantity(3_000_000, None, "GBP")),
        ("most of them", None),
        ("", None),
    ],
)
def test_quantities(text: str, expected: Quantity | None) -> None:
    assert parse_quantity(text) == expected
