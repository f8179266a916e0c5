"""Trainings: days on which safety is learned together; a seat hangs from a pass, and none is given twice."""
