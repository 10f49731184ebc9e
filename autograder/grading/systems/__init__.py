"""Learning-management systems: what they export comes in, and scores and feedback go back."""
