"""The blocks of a report in Markdown, in HTML and on a terminal."""
