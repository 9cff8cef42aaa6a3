"""launcher: one virtual machine in one pod network namespace.

A ``MachineSpec`` and ``HostFacts`` go in; a plan comes out as values; ``system`` applies, verifies
and undoes it; ``MachineState`` is what is observed. Nothing in here knows Kubernetes: a
VirtualMachineInstance becomes a ``MachineSpec`` in ``virtctl.local.node.translate``.
"""
