"""Pages for people: of each, what it asks (.graphql), what it makes of the answer (.py) and how it stands there (.html)."""
