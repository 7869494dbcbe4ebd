"""The lists of the record, by their addresses below /v1."""

RECORDS = (
    *("state-parties", "recommendations", "measures", "assessments", "reporting-events", "statements", "sources"),
    "coverage",
)
"""Those of what stands in it."""

OTHERS = ("coverage-summary", "changes", "diff")
"""Those of what is counted, and of what was done."""
