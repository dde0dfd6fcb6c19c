"""Two ends that talk: run in a namespace as `talk.py serve ADDRESS PORT` or `talk.py ask SOURCE ADDRESS PORT [SIZE…]`.

The server echoes datagrams and one connection. The client sends datagrams of each size, then, with --tcp, a connection
with that many bytes, and waits for all of it to come back unless it is told --one-way.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import threading

WAIT_S = 5.0
SO_MARK = 36
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _datagram_socket(address: str) -> socket.socket:
    """One whose datagrams may be fragmented, also by a tunnel that takes the flag over."""
    made = socket.socket(_family(address), socket.SOCK_DGRAM)
    if made.family == socket.AF_INET:
        made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    return made


def _echo_connection(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def serve(address: str, port: int) -> None:
    """Until killed."""
    listener = socket.create_server((address, port), family=_family(address))
    threading.Thread(target=_echo_connection, args=(listener,), daemon=True).start()
    datagrams = _datagram_socket(address)
    datagrams.bind((address, port))
    print("ready", flush=True)
    while True:
        data, sender = datagrams.recvfrom(65536)
        datagrams.sendto(data, sender)


def _datagrams(given: argparse.Namespace) -> None:
    with _datagram_socket(given.address) as asking:
        asking.settimeout(WAIT_S)
        asking.setsockopt(socket.SOL_SOCKET, SO_MARK, given.mark)
        asking.bind((given.source, given.port + 1))
        asking.connect((given.address, given.port))
        for size in given.sizes:
            # One that is refused is answered with an error, which the next call tells.
            with contextlib.suppress(ConnectionRefusedError):
                asking.send(bytes(index % 251 for index in range(size)))
                if not given.one_way:
                    assert len(asking.recv(65536)) == size


def _connection(given: argparse.Namespace) -> None:
    end = (given.address, given.port)
    with socket.create_connection(end, WAIT_S, source_address=(given.source, given.port + 1)) as asking:
        asking.sendall(bytes(given.tcp))
        asking.shutdown(socket.SHUT_WR)
        left = given.tcp
        while left:
            data = asking.recv(65536)
            assert data
            left -= len(data)


def main() -> None:
    """As the arguments say."""
    parser = argparse.ArgumentParser()
    roles = parser.add_subparsers(dest="role", required=True)
    server, client = roles.add_parser("serve"), roles.add_parser("ask")
    client.add_argument("source")
    for role in (server, client):
        role.add_argument("address")
        role.add_argument("port", type=int)
    client.add_argument("sizes", type=int, nargs="*")
    client.add_argument("--tcp", type=int, default=0)
    client.add_argument("--mark", type=int, default=0)
    client.add_argument("--one-way", action="store_true")
    given = parser.parse_args()
    if given.role == "serve":
        serve(given.address, given.port)
    _datagrams(given)
    if given.tcp:
        _connection(given)


if __name__ == "__main__":
    main()
