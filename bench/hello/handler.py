"""The least that Lambda can start: what any function pays for the interpreter and nothing else."""


def handler(_event: object, _context: object) -> dict[str, object]:
    return {"statusCode": 200, "body": "hello"}
