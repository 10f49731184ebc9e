"""From an assignment's two folders to what students receive, and what proves that nothing else is in it."""
