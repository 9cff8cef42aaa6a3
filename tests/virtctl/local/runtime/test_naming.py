from virtctl.local.runtime.naming import ALPHABET, generated, joined, suffix


def test_the_same_facts_give_the_same_name():
    assert generated("vm-", "uid", 1.5, 0) == generated("vm-", "uid", 1.5, 0)
    assert generated("vm-", "uid", 1.5, 0) != generated("vm-", "uid", 1.5, 1)


def test_names_have_the_usual_shape():
    assert len(suffix("uid")) == 5
    assert set(suffix("uid")) <= set(ALPHABET)
    assert generated("rs1", "uid").startswith("rs1")
    assert len(generated("x" * 100, "uid")) == 63


def test_joined_names_are_cut_as_kubevirt_cuts_them():
    assert joined("virt-export", "one") == "virt-export-one"
    assert joined("export-token", "x" * 50) == "export-token-" + "x" * 50
    # Values of library-go's own function.
    assert joined("virt-export", "y" * 52) == "v-efa2f187-" + "y" * 52
    assert joined("virt-export", "z" * 60) == "virt-export-d1b68b46"
    assert len(joined("base" * 30, "end")) == 63
