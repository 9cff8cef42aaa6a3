import gc

from virtctl.local.daemon import memory


def test_what_is_given_back_is_not_collected_again() -> None:
    before = gc.get_freeze_count()
    try:
        memory.prepare()
        assert not gc.isenabled()
        memory.give_back()
        assert gc.get_freeze_count() > before
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.enable()


def test_a_libc_without_these() -> None:
    assert memory._call("there_is_no_such_function", 1) is None
