import msgspec

from launcher.facts import EfiFiles, HostFacts


def test_facts_survive_their_json() -> None:
    facts = HostFacts(kvm_usable=True, efi=EfiFiles(directory="/e", files=("OVMF_CODE.fd",)))
    assert msgspec.json.decode(msgspec.json.encode(facts), type=HostFacts) == facts
