"""Entry point of the ``launcher`` command."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Start a pod's first process for ``run DIR``, probe QEMU for ``warm DIR``, and answer what
    somebody in the pod asks of ``virsh``.

    Everything else is left to the command line, which neither of them must load: the first process
    stays for the machine's whole life.
    """
    if len(sys.argv) == 3 and sys.argv[1] == "run":
        from launcher.system import init

        sys.exit(init.main(Path(sys.argv[2])))
    if len(sys.argv) == 3 and sys.argv[1] == "warm":
        from launcher.system import warming

        sys.exit(warming.main(Path(sys.argv[2])))
    if len(sys.argv) > 2 and sys.argv[1] == "virsh":
        from launcher.system import virsh

        sys.exit(virsh.main(Path(sys.argv[2]), sys.argv[3:]))
    from launcher import cli

    cli.main()


if __name__ == "__main__":
    main()
