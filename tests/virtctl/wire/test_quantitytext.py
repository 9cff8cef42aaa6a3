import pytest

from virtctl.wire.quantities import QuantityError
from virtctl.wire.quantitytext import printed


@pytest.mark.parametrize(
    "word",
    ["0", "1Gi", "+1Gi", "1.Gi", "3Mi", "123.456m", "1E3", "1e0", "12345", "7E", "-2", "1e999"],
)
def test_text_that_counts_as_canonical_stays(word: str) -> None:
    assert printed(word) == word


@pytest.mark.parametrize(
    ("word", "canonical"),
    [
        ("1.5Gi", "1536Mi"),
        ("2048Mi", "2Gi"),
        ("+8Gi", "8Gi"),
        ("0.1Mi", "104857600m"),
        ("0.5Gi", "512Mi"),
        ("512Ki", "512Ki"),
        ("0.5", "500m"),
        ("1000M", "1G"),
        ("1500", "1500"),
        ("1.5e99", "1500e96"),
        ("0.0000000001", "1n"),
        ("-0.5", "-500m"),
        ("9223372036854775808Ki", "9223372036854775807"),
        ("Gi", "0"),
        ("0e5", "0"),
        ("100000000000000000000000", "100"),
    ],
)
def test_the_rest_is_written_anew(word: str, canonical: str) -> None:
    assert printed(word) == canonical


@pytest.mark.parametrize(
    "word", ["", "much", "1GB", "1 Gi", " 1Gi", "1Gi ", "1.2.3", "Ei", "1e", "1e1000000", "٣"]
)
def test_no_quantities(word: str) -> None:
    with pytest.raises(QuantityError):
        printed(word)
