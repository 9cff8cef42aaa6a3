"""Changes to the host as values.

An op is a frozen value; ``describe()`` gives the shell line that would do it. A plan is a tuple of
ops. Only ``launcher.system.runner`` carries ops out, with a journal, verification and undo.
"""
