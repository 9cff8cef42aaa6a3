"""The network of a node as nmstate writes it: schema, merge, plan, check. Pure.

``schema`` reads and writes states, ``capture`` picks parts of the current one, ``merge`` joins what
is desired with what is there and refuses what cannot be, ``plan`` turns the result into ops, and
``check`` tells what is not as desired afterwards. Taking back is planning towards the state from
before. What nmstate's own documentation says of a field holds here unless ``docs`` says otherwise.
"""
