"""The gradebook, its one writer, and what being late costs."""
