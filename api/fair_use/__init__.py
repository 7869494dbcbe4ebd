"""How much one asker may have, so that there is enough for all: of everything by its cost, and of a few things by their number."""
