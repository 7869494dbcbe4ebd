"""What is told without being asked again: streams of events, and webhooks. Both go by the position in the log, and by it alone."""
