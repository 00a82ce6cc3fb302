"""What a text of a caller may look like."""

# One line with something to see in it: control characters forge lines of logs and cells of exports. Written so that
# Rust's regex and ECMA 262's, which the contract's readers use, take it alike.
ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
