"""Names of CPU models that libvirt knows (``virsh cpu-models``), for finding misspelt ones."""

from __future__ import annotations

_X86 = """
486 Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server
Cascadelake-Server-noTSX ClearwaterForest Conroe Cooperlake Denverton Dhyana EPYC EPYC-Genoa
EPYC-IBPB EPYC-Milan EPYC-Rome EPYC-Turin GraniteRapids Haswell Haswell-IBRS Haswell-noTSX
Haswell-noTSX-IBRS Icelake-Client Icelake-Client-noTSX Icelake-Server Icelake-Server-noTSX IvyBridge
IvyBridge-IBRS KnightsMill Nehalem Nehalem-IBRS Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4
Opteron_G5 Penryn SandyBridge SandyBridge-IBRS SapphireRapids SierraForest Skylake-Client
Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Server Skylake-Server-IBRS
Skylake-Server-noTSX-IBRS Snowridge Westmere Westmere-IBRS athlon core2duo coreduo kvm32 kvm64 n270
pentium pentium2 pentium3 phenom qemu32 qemu64
"""
_OTHERS = """
a64fx cortex-a53 cortex-a57 cortex-a72 cortex-a76 neoverse-n1 neoverse-n2 neoverse-v1 Kunpeng-920
gen15a gen15b gen16a gen16b gen17a gen17b z13 z13.2 z14 z14.2 z14ZR1 z15 POWER8 POWER9 POWER10
"""
_BASES = (_X86 + _OTHERS).split()

NAMED = frozenset(_BASES) | {f"{base}-v{number}" for base in _BASES for number in range(1, 8)}
"""With the versions that QEMU numbers, as in ``EPYC-v4``."""
