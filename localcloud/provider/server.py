"""Serves the provider on loopback, where `PULUMI_DEBUG_PROVIDERS=aws:PORT` finds it."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from localcloud.cloud import Cloud
from localcloud.provider.servicer import Provider

_WORKERS = 32  # the engine's default parallelism is 4 a core; creates mostly wait for moto
_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit


def serve(cloud: Cloud, port: int = 0) -> tuple[grpc.Server, int]:
    """A started server and its port (a free one for 0). Raises `RuntimeError` where the port is taken."""
    options = [
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(ThreadPoolExecutor(_WORKERS, thread_name_prefix="provider"), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound
