"""AWS Backup for DynamoDB, and DynamoDB's own point-in-time recovery: APIs of the AWS endpoint that moto does not have.

Vaults and plans stay moto's; what they hold is kept beside them in moto's backends (see `state`), so that a snapshot
has both. Jobs are asynchronous as on AWS, only quick. Sources: AWS Backup's and DynamoDB's API references and
developer guides; shapes are botocore's.
"""
