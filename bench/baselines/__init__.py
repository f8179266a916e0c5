"""Bare counterparts, at most 60 lines each: what the same work costs without us. They import nothing from `clinic`."""
