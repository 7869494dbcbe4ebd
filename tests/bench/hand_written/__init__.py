"""The limit: the bytes of the best SQL that we could write by hand over our own tables, one file a query."""
