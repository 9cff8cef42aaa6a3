"""Names of an instance on disk and on the host."""

from pathlib import Path

from virtctl.local.layout import DEFAULT_DIRECTORY, InstanceLayout


def test_default_instance_has_no_suffix() -> None:
    assert InstanceLayout(DEFAULT_DIRECTORY).suffix == ""


def test_other_instances_have_their_own_suffix() -> None:
    one, other = InstanceLayout(Path("/srv/one")), InstanceLayout(Path("/srv/other"))
    assert one.suffix != other.suffix
    assert len(one.suffix) == 4


def test_all_places_lie_in_the_directory() -> None:
    layout = InstanceLayout(Path("/srv/one"))
    assert layout.machine("uid") == Path("/srv/one/vms/uid")
    for place in (layout.config, layout.database, layout.pki, layout.socket, layout.images):
        assert place.is_relative_to(layout.root)


def test_every_place_is_known_as_ours() -> None:
    layout = InstanceLayout(Path("/srv/one"))
    names = [name for name, what in vars(InstanceLayout).items() if isinstance(what, property)]
    places = [getattr(layout, name) for name in names]
    found = {each.relative_to(layout.root).parts[0] for each in places if isinstance(each, Path)}
    assert found | {"vms"} <= layout.entries
