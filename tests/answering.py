"""A server that answers as a test says, byte for byte: what no honest one would send."""

import contextlib
import re
import socket
import threading
import time

GOOD = b'{"personGuid": null, "version": 1}'


def answer(status, body=b"", *headers):
    """The bytes of an answer, with its length."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def dripping(begin, drops, end, *, every):
    """`begin` at once, then byte by byte, then `end`."""
    yield begin
    for _ in range(drops):
        time.sleep(every)
        yield b" "
    yield end


class Answering:
    """`with Answering(say) as server`: `say(head, body)` gives the bytes of each answer, or an iterable of some."""

    def __init__(self, say):
        self.say = say
        self.heads = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.socket.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.socket.accept()[0],), daemon=True).start()

    def _serve(self, one):
        with contextlib.suppress(OSError, EOFError), one:
            come = b""
            while True:
                head, come = _until(one, come, lambda all_: all_.partition(b"\r\n\r\n")[1] and _cut(all_))
                self.heads.append(head.decode())
                length = int((re.search(rb"content-length: (\d+)", head, re.I) or (0, 0))[1])
                body, come = _until(one, come, lambda all_, n=length: len(all_) >= n and (all_[:n], all_[n:]))
                said = self.say(head.decode(), body)
                for piece in [said] if isinstance(said, bytes) else said:
                    one.sendall(piece)


def _cut(come):
    head, _, rest = come.partition(b"\r\n\r\n")
    return head, rest


def _until(one, come, found):
    while not (pair := found(come)):
        more = one.recv(65536)
        if not more:
            raise EOFError
        come += more
    return pair
