"""Spreadsheets ↔ documents: what maintainers edit, read with every fault told, and written back. It needs no database."""
