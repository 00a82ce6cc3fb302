"""The `aws` provider that Pulumi's engine attaches to: it deploys into one local cloud.

The engine is told of it by `PULUMI_DEBUG_PROVIDERS=aws:PORT`. Resource types are declared in
`resources/`, one module per AWS service; what cannot be created in moto is kept in the registry.
"""
