"""Filling the disks of claims: from the web, registries, object stores, uploads and other disks.

One process of its own per disk (``python -m virtctl.local.imports``), which the daemon starts and
follows by files in a directory of the job: what is to be done, and how far it is. It ends with the
daemon, and goes on where it was when it is started again.

The same way back: an export server (``exports``) gives disks out of claims and snapshots.
"""
