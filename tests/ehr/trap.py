"""A listener that nobody may connect to: it accepts, counts, and says nothing."""

import socket
import threading
from contextlib import contextmanager


class Trap:
    def __init__(self):
        if socket.has_dualstack_ipv6():  # so that no form of address is missed
            self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        else:
            self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.connections = 0

    def accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self):
        # The last connection is the test's own: whatever came before it has been accepted by then.
        before = self.connections
        with socket.create_connection(("127.0.0.1", self.port)):
            pass
        while self.connections == before:
            pass
        self.connections -= 1
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def untouched():
    """A trap; leaving the block fails the test when anything connected."""
    trap = Trap()
    thread = threading.Thread(target=trap.accept, daemon=True)
    thread.start()
    try:
        yield trap
    finally:
        trap.close()
        thread.join()
    assert trap.connections == 0
