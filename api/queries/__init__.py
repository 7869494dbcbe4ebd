"""Queries that readers write: any of them by a plain GET and in any form, and saved, so that it has an address that stays."""
