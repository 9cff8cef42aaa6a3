"""The virtual hardware."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.domain import Domain


def test_reads_processor_memory_and_firmware():
    domain = read(
        Domain,
        {
            "devices": {},
            "cpu": {"cores": 2, "features": [{"name": "vmx", "policy": "require"}]},
            "memory": {"guest": "1Gi", "hugepages": {"pageSize": "2Mi"}},
            "firmware": {"bootloader": {"efi": {"secureBoot": False}}},
        },
    )
    assert domain.cpu.cores == 2
    assert domain.cpu.features[0].policy == "require"
    assert domain.memory.hugepages.page_size == "2Mi"
    assert domain.firmware.bootloader.efi.secure_boot is False


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "domain")
    assert crds.differences(Domain, schema) == []
