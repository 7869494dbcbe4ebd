"""The real data, and how it gets in: through the same submissions as anybody's."""
