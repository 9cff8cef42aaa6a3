from virtctl.local.runtime.naming import ALPHABET, generated, suffix


def test_the_same_facts_give_the_same_name():
    assert generated("vm-", "uid", 1.5, 0) == generated("vm-", "uid", 1.5, 0)
    assert generated("vm-", "uid", 1.5, 0) != generated("vm-", "uid", 1.5, 1)


def test_names_have_the_usual_shape():
    assert len(suffix("uid")) == 5
    assert set(suffix("uid")) <= set(ALPHABET)
    assert generated("rs1", "uid").startswith("rs1")
    assert len(generated("x" * 100, "uid")) == 63
