"""What changed between two OpenAPI documents, for those who call the API.

Of our own because no kept library does it from Python: `oasdiff`, the field's tool, is a Go program (and its current
release cannot be built from the module proxy alone), and what PyPI has are single-author packages of a few months.
The rules follow oasdiff's; where it warns, this says breaking.
"""
