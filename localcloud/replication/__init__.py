"""Replication of S3 objects between buckets, which moto only writes down."""
