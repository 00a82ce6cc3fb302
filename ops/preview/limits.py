"""GitHub's limit, in a module of its own so that the command line starts without the report."""

# GitHub refuses a comment's body of more than 65,536 characters. Counted here in UTF-8 bytes, which are never fewer.
COMMENT_LIMIT = 65_536
