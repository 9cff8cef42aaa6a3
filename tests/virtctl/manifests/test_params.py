import pytest

from virtctl.errors import UsageError
from virtctl.manifests.params import Params, quantity, split_name

KNOWN = ("src", "name", "size", "bootorder", "list")


def test_a_value_may_hold_colons_and_the_last_key_counts() -> None:
    params = Params("volume-x", "src:https://a:1/b,name:one,name:two,list:a;;b", KNOWN)
    assert params.text("src") == "https://a:1/b"
    assert params.text("name") == "two"
    assert params.texts("list") == ["a", "", "b"]
    assert params.text("size") == ""
    assert params.unsigned("bootorder") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "params may not be empty"),
        ("src", "params need to have at least one colon: src"),
        ("src:a,", "at least one colon: "),
        ("src:a,Name:b,x:y", "unknown param(s): Name:b,x:y"),
    ],
)
def test_broken_params(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Params("volume-x", text, KNOWN)
    assert str(caught.value).startswith('failed to parse "--volume-x" flag: ')
    assert said in str(caught.value)


@pytest.mark.parametrize("word", ["-1", "1.5", "0x1", "4294967296", "one"])
def test_numbers_are_unsigned_and_decimal(word: str) -> None:
    with pytest.raises(UsageError, match="whole number"):
        Params("x", f"bootorder:{word}", KNOWN).boot_order()


def test_boot_order_counts_from_one() -> None:
    assert Params("x", "bootorder:3", KNOWN).boot_order() == 3
    with pytest.raises(UsageError, match="greater than 0"):
        Params("x", "bootorder:0", KNOWN).boot_order()


@pytest.mark.parametrize(
    ("word", "canonical"),
    [("512Mi", "512Mi"), ("1.5Gi", "1536Mi"), ("2048Mi", "2Gi"), ("1000M", "1G"), ("+1Gi", "+1Gi")],
)
def test_quantities_become_canonical(word: str, canonical: str) -> None:
    assert quantity("memory", word) == canonical
    assert Params("x", f"size:{word}", KNOWN).quantity("size") == canonical


@pytest.mark.parametrize("word", ["much", "1GB", "1 Gi", ""])
def test_no_quantities(word: str) -> None:
    with pytest.raises(UsageError, match="memory"):
        quantity("memory", word)
    with pytest.raises(UsageError, match='"--x" flag: failed to parse param "size"'):
        Params("x", f"size:{word}", KNOWN).quantity("size")


def test_references_have_a_namespace_or_none() -> None:
    assert Params("x", "src:a/b", KNOWN).reference() == ("a", "b")
    assert Params("x", "src:b", KNOWN).reference() == ("", "b")
    with pytest.raises(UsageError, match="src invalid: invalid count 2 of slashes"):
        Params("x", "src:a/b/c", KNOWN).reference()
    with pytest.raises(UsageError, match="src must be specified"):
        Params("x", "name:a", KNOWN).reference()


@pytest.mark.parametrize("name", ["A", "a.b", "-a", "a" * 64, "a_b"])
def test_names_are_labels(name: str) -> None:
    with pytest.raises(UsageError, match="invalid name"):
        Params("x", f"name:{name}", KNOWN).name("default")
    assert Params("x", "src:a", KNOWN).name("default") == "default"


def test_prefixes() -> None:
    assert split_name("x", "ns/name") == ("ns", "name")
    assert split_name("x", "name") == ("", "name")
    for wrong, said in (("a/b/c", "invalid count 2 of slashes"), ("a/", "cannot be empty")):
        with pytest.raises(UsageError, match=said):
            split_name("x", wrong)


def test_what_is_given_empty_is_no_value() -> None:
    params = Params("flag", "bootorder:,size:,headers:,name:", KNOWN_EMPTY)
    assert params.texts("headers") == [""]
    assert params.name("else") == "else"
    for read in (
        params.boot_order,
        lambda: params.quantity("size"),
        lambda: params.given_name("x"),
    ):
        with pytest.raises(UsageError):
            read()


KNOWN_EMPTY = ("bootorder", "size", "headers", "name")
