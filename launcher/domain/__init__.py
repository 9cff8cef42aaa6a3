"""MachineSpec to libvirt XML, one file per device family."""
