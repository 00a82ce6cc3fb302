"""What AWS's authorisation would say of a request: policies in, a decision out. Pure: no I/O, no AWS library.

`policy.parse` reads a document once, `evaluate.evaluate` decides, `lint.findings` says what AWS refuses to store.
Not modelled: service control policies, resource control policies, VPC endpoint policies, KMS grants and ACLs.
"""
