"""VirtualMachinePool to VirtualMachines: ``controller`` observes and joins the decisions.

``scaling`` makes and removes machines, ``template`` builds them, ``updating`` brings them up to
date, ``status`` says how things are (api.md §1.3).
"""
