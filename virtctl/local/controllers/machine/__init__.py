"""VirtualMachine to VirtualMachineInstance: ``controller`` observes and joins the decisions.

``strategy`` decides whether to start or stop, ``instance`` builds what is started, ``restart``
tells what a running machine lacks of its template, ``status`` says how things are (api.md §3).
"""
