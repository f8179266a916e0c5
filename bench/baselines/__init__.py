"""Bare counterparts, at most 60 lines each: what the same work costs with Flask and a driver alone. No import of ours."""
