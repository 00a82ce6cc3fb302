"""Products and stock by the file: import and export as CSV and NDJSON."""
