"""virtctl: a command line for KubeVirt virtual machines, and a KubeVirt that fits on one machine.

The rooms, from the front door inwards (imports only go down this list):

``cli``
    arguments in, ``Outcome`` out; no business rules
``local``, ``client``, ``output``, ``manifests``
    the embedded control plane; the client of any cluster; values to text; flags to objects
``streams``
    bytes between two ends; knows neither client nor cluster
``wire``
    sans-I/O protocol shared by client and server
``models``
    what API objects are
"""
