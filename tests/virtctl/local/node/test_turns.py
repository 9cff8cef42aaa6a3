"""Threads that take turns."""

import threading

from virtctl.local.node.turns import Turns


def test_one_name_is_one_at_a_time_and_others_go_on() -> None:
    turns, order = Turns(), []
    inside, go = threading.Event(), threading.Event()

    def first() -> None:
        order.append("begins")
        inside.set()
        go.wait(60)
        order.append("ends")

    one = threading.Thread(target=turns.take, args=("a", first))
    one.start()
    inside.wait(60)
    two = threading.Thread(target=turns.take, args=("a", lambda: order.append("second")))
    two.start()
    assert turns.take("b", lambda: "other") == "other"
    turns.forget("a")  # somebody has it: it stays
    go.set()
    one.join(60)
    two.join(60)
    assert order == ["begins", "ends", "second"]
    turns.forget("a")
    turns.forget("never")
    assert turns.take("a", lambda: 5) == 5
