"""Recipes of the guest images that can be built from distribution packages; pure.

``tiny`` and ``debian`` are the recipes; ``cpio``, ``elf``, ``mbr`` and ``packages`` are the formats
that they need; ``qemuimg`` reads what qemu-img says of an image. ``rootfs`` holds the files of the
tiny guest as they are in it. ``launcher.imaging`` carries the recipes out.
"""
