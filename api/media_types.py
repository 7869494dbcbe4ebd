"""The media types that more than one address answers with. Those of one form alone stand beside it."""

GRAPHQL = "application/graphql-response+json"
HTML = "text/html"
JSON = "application/json"

CSV = "text/csv; charset=utf-8; header=present"
JSON_LINES = "application/jsonl; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
