"""Tests through the front door, on a real PostgreSQL that they start themselves."""
