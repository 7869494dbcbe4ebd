"""The whole record in one download: what is in it, told in the vocabularies that other tools read, and each form of it."""
