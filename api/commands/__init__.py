"""The commands of `opsc`, a file for those of one kind, and what they share: the record at hand, a server asked, what is shown."""
