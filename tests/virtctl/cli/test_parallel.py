import threading

from virtctl.cli.parallel import in_order


def test_results_come_in_the_order_of_the_names() -> None:
    first_may_end = threading.Event()
    left: list[int] = []

    def act(name: str) -> str:
        if name == "a":
            assert first_may_end.wait(60)
        elif name == "b":
            first_may_end.set()
        elif name == "c":
            raise ValueError("no c")
        return name.upper()

    found = list(in_order(["a", "b", "c"], act, lambda: left.append(threading.get_ident())))
    assert [(result.name, result.line) for result in found] == [("a", "A"), ("b", "B"), ("c", "")]
    assert isinstance(found[2].error, ValueError)
    assert len(left) == 3


def test_more_names_than_threads() -> None:
    names = [str(number) for number in range(50)]
    assert [result.line for result in in_order(names, lambda name: name)] == names
