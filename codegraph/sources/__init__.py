"""One reader per published format; each yields model records and builds no graph."""
