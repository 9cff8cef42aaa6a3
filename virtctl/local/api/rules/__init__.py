"""Validating admission: functions that yield every Cause; pure."""
