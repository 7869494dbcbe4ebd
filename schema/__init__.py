"""The GraphQL schema, a file per noun, and the planner that turns an operation into one SQL statement."""
