"""The description of all addresses for programs (OpenAPI 3.1): made of the table of endpoints and of the GraphQL schema."""
