"""What other servers answer is bounded in time and in length, however they go about it."""

import gzip
import tracemalloc
import zlib

import httpx
import pytest

from lmis import outgoing
from tests.answering import Answering, answer, dripping


def ask(say, *, seconds=20.0, most=100, timeout=10.0):
    with Answering(say) as server, outgoing.client(timeout=timeout) as client:
        return outgoing.ask(client, "GET", server.url, seconds=seconds, most=most)


def test_an_answer():
    came = ask(lambda *_: answer(201, b"body", "X-Name: value"))
    assert (came.status_code, came.content, came.headers["X-Name"]) == (201, b"body", "value")


def test_one_that_is_packed():
    came = ask(lambda *_: answer(200, gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip"))
    assert came.json() == {"a": 1}


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nX-Name: ", b"value\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=["body", "headers"],
)
def test_one_that_drips_comes_too_late(begin, end):
    """Each byte well within the timeout of a step; without a bound for all the answer is there in the end."""
    with pytest.raises(httpx.TimeoutException):
        ask(lambda *_: dripping(begin, 30, end, every=0.1), seconds=0.5)


def test_the_time_for_all_is_of_one_request():
    """A kept connection serves the next one."""
    with Answering(lambda *_: answer(200, b"1")) as server, outgoing.client(timeout=10.0) as client:
        for _ in range(3):
            assert outgoing.ask(client, "GET", server.url, seconds=5.0, most=10).content == b"1"
        assert client.get(server.url).content == b"1"


def test_one_that_is_too_long():
    assert ask(lambda *_: answer(200, b"x" * 100)).content == b"x" * 100
    with pytest.raises(httpx.DecodingError):
        ask(lambda *_: answer(200, b"x" * 101))


def test_one_that_unpacks_to_more_than_memory_holds():
    """Not even for a moment: what comes in one read may be 64 MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(outgoing.MEBIBYTE)) for _ in range(64)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(httpx.DecodingError):
            ask(lambda *_: answer(200, bomb, "Content-Encoding: gzip"), most=outgoing.MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 16 * outgoing.MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("how", "body"), [("gzip", b"no gzip"), ("br", b"x"), ("gzip, gzip", gzip.compress(gzip.compress(b"x")))]
)
def test_one_that_cannot_be_unpacked(how, body):
    with pytest.raises(httpx.DecodingError):
        ask(lambda *_: answer(200, body, f"Content-Encoding: {how}"))


def test_a_body_that_nobody_wants_is_not_waited_for():
    begin = b"HTTP/1.1 500 X\r\nContent-Length: 30\r\n\r\n"
    came = ask(lambda *_: dripping(begin, 30, b"", every=0.1), seconds=0.5, most=None)
    assert (came.status_code, came.content) == (500, b"")
    with pytest.raises(httpx.HTTPStatusError):
        came.raise_for_status()


def test_no_cookie_is_kept():
    """They would pile up in a client that lives as long as its process."""
    cookie = "Set-Cookie: session=1; Path=/"
    with Answering(lambda *_: answer(200, b"", cookie)) as server, outgoing.client(timeout=10.0) as client:
        for _ in range(2):
            outgoing.ask(client, "GET", server.url, seconds=10.0, most=10)
        assert not any("cookie" in head.lower() for head in server.heads)


def test_the_environments_proxy_is_bounded_too(monkeypatch):
    begin = b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n"
    with Answering(lambda *_: dripping(begin, 30, b"", every=0.1)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with outgoing.client(timeout=10.0) as client, pytest.raises(httpx.TimeoutException):
            outgoing.ask(client, "GET", "http://mip.example.test/", seconds=0.5, most=100)
    assert proxy.heads[0].startswith("GET http://mip.example.test/")
