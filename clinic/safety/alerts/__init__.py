"""Alert and check-in: who is on duty, how a signal reaches them, what she and they see of it."""
