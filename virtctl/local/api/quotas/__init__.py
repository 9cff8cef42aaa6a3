"""What a namespace uses, and whether it may use more: ``usage`` counts one object, ``allowance``
compares with ResourceQuotas, ``limits`` applies LimitRanges. Pure.
"""
