from launcher import state as states
from launcher.state import AgentState, MachineState, NicState, Problem, Stage


def test_a_state_survives_its_json() -> None:
    state = MachineState(
        uid="u",
        stage=Stage.FAILED,
        nics=(NicState(name="default", addresses=("10.244.1.5",)),),
        agent=AgentState(connected=True, commands=("guest-ping",)),
        error=Problem(step="start", message="no such disk"),
    )
    assert states.decode(states.encode(state)) == state


def test_defaults_cost_nothing() -> None:
    text = states.encode(MachineState(uid="u", stage=Stage.RUNNING))
    assert text == b'{"uid":"u","stage":"running"}'


def test_four_stages_are_the_end() -> None:
    assert [stage for stage in Stage if stage.final] == [
        Stage.SHUT_OFF,
        Stage.CRASHED,
        Stage.FAILED,
        Stage.MIGRATED,
    ]
