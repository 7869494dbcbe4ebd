"""PostgreSQL: the tables, their rules, the log of revisions, the writes, the embedded server."""
