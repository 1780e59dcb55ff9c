"""Metrics as people and pages read them: now, over time, summed up; and as applications push them."""
