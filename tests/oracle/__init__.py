"""A plain executor for the same schema: graphql-core over the log's rows held in memory, to hold the planner's answers against."""
