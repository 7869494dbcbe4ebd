"""The servers that ours is measured beside, each written as its own users would and with its good settings."""
