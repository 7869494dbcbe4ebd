"""The read endpoints: whatever a query can say, by a plain GET, in the form that a tool likes."""
