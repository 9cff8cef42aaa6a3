from launcher.ops.filters import DeleteTable, SetTable


def test_setting_a_table_is_a_here_document() -> None:
    op = SetTable(family="ip", name="nat", text="table ip nat {\n}\n", ruleset="{}")
    assert op.describe() == "nft -f - <<'END'\ntable ip nat {\n}\nEND"


def test_deleting_a_table() -> None:
    assert DeleteTable(family="inet", name="x").describe() == "nft delete table inet x"
