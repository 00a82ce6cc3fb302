"""What moto refuses as AWS does, so that no code is needed here: listed with the rest, and held by tests.

Source: the API reference of each operation.
"""

from localcloud.refusals import Rule

_REFUSED = (
    ("dynamodb:PutItem", "item-size", "an item too large", "400 KB"),
    ("dynamodb:UpdateItem", "item-size", "an item that an update makes too large", "400 KB"),
    ("dynamodb:BatchWriteItem", "item-size", "an item too large in a batch", "400 KB"),
    ("dynamodb:TransactWriteItems", "item-size", "an item too large in a transaction", "400 KB"),
    ("dynamodb:PutItem", "hash-key-size", "a partition key too long", "2,048 bytes"),
    ("dynamodb:PutItem", "sort-key-size", "a sort key too long", "1,024 bytes"),
    ("dynamodb:UpdateItem", "sort-key-size", "a sort key too long", "1,024 bytes"),
    ("dynamodb:PutItem", "empty-key", "an empty key value", "1 byte"),
    ("dynamodb:PutItem", "missing-key", "an item without its keys", ""),
    ("dynamodb:PutItem", "key-type", "a key of another type", "the table's"),
    ("dynamodb:PutItem", "empty-set", "an empty set", "1 member"),
    ("dynamodb:PutItem", "number", "a number too large", "9.99E+125"),
    ("dynamodb:UpdateItem", "key-update", "an update of a key", ""),
    ("dynamodb:UpdateItem", "reserved-word", "a reserved word as a name in an expression", ""),
    ("dynamodb:UpdateItem", "unused-value", "values or names that no expression uses", ""),
    ("dynamodb:TransactWriteItems", "duplicates", "two operations on one item", "one"),
    ("dynamodb:BatchWriteItem", "duplicates", "two puts, or two deletions, of one item", "one"),
    ("dynamodb:BatchGetItem", "duplicates", "one key twice", "one"),
    ("ssm:PutParameter", "reserved-name", "a name that begins with aws", ""),
    ("ssm:PutParameter", "exists", "a parameter that is there, without Overwrite", ""),
    ("ssm:PutParameter", "type", "a new parameter without a type", ""),
    ("secretsmanager:PutSecretValue", "token", "one ClientRequestToken with another value", ""),
    ("secretsmanager:PutSecretValue", "empty", "neither text nor bytes", "one"),
    ("secretsmanager:UpdateSecretVersionStage", "current", "AWSCURRENT moved without naming where from", ""),
    ("secretsmanager:DeleteSecret", "window", "a recovery window out of range", "7 to 30 days"),
    ("sqs:SendMessage", "body-size", "a body over the queue's maximum", "1 KiB to 1 MiB"),
    ("sqs:SendMessage", "delay", "a delay out of range", "0 to 900 s"),
    ("sqs:SendMessage", "group", "a message for a FIFO queue without a group", ""),
    ("sqs:SendMessageBatch", "count", "too many messages", "10"),
    ("sqs:SendMessageBatch", "ids", "one id twice", "distinct"),
    ("sqs:ReceiveMessage", "count", "too many messages asked for", "1 to 10"),
    ("sns:Publish", "body-size", "a message too large", "256 KiB"),
    ("sns:Publish", "subject", "a subject too long", "100 characters"),
    ("sns:PublishBatch", "count", "too many messages", "10"),
    ("sns:PublishBatch", "ids", "one id twice", "distinct"),
    ("events:PutRule", "pattern", "a pattern that is none", ""),
    ("events:PutTargets", "arn", "a target that is no ARN", ""),
    ("cloudwatch:PutMetricData", "number", "NaN", ""),
    ("cloudwatch:PutMetricData", "exclusive", "Value beside Values", "one"),
    ("logs:PutLogEvents", "order", "events out of order", ""),
    ("s3:PutObjectTagging", "tags", "too many tags", "10"),
    ("s3:UploadPart", "number", "a part number out of range", "1 to 10,000"),
    ("s3:CompleteMultipartUpload", "part-size", "a part too small that is not the last", "5 MiB"),
)
RULES = tuple(
    Rule(
        f"{subject.replace(':', '.')}.{name}",
        "call",
        subject,
        what,
        limit,
        f"moto, as the API reference of {subject.partition(':')[2]}",
    )
    for subject, name, what, limit in _REFUSED
)
