"""The daemon as a process: start it detached, find it, stop it, say how it is.

The command line talks to this room only; ``bootstrap`` and what it joins are imported by the
daemon's own process, so that ``virtctl local status`` stays light.
"""
