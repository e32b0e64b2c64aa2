"""Messages that parsers of HTTP/1 are known to read differently, and plain ones. Each is followed by a request of its own (see whole)."""

SMUGGLED = b"GET /{id}/smuggled HTTP/1.1\r\nHost: front.test\r\n\r\n"
SIZE = len(SMUGGLED)  # an id has four characters
END = b"GET /{id}/end HTTP/1.1\r\nHost: front.test\r\nConnection: close\r\n\r\n"


def post(*fields, body=b"", line=b"POST /{id}/a HTTP/1.1", host=b"Host: front.test"):
    lines = [line, host, *fields] if host is not None else [line, *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def get(*fields, line=b"GET /{id}/a HTTP/1.1", **more):
    return post(*fields, line=line, **more)


def chunked(body, *fields, coding=b"Transfer-Encoding: chunked", **more):
    return post(coding, *fields, body=body, **more)


LENGTH_5, CHUNKED, ITS_LENGTH = b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Content-Length: %d" % SIZE
HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def coding(value):
    """A Transfer-Encoding that one parser may take for chunked and another for none: to the second, the smuggled request is of the body."""
    return post(b"Content-Length: %d" % (5 + SIZE), value, body=b"0\r\n\r\n" + SMUGGLED)


def coding_alone(value):
    return post(value, body=HELLO)


# All servers must pass these on: otherwise the table shows nothing.
PLAIN = {
    "no body": get(),
    "a length": post(LENGTH_5, body=b"hello"),
    "a length of 0": post(b"Content-Length: 0"),
    "chunks": chunked(b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
    "no octet in chunks": chunked(b"0\r\n\r\n"),
    "CHUNKED": coding_alone(b"transfer-encoding: CHUNKED"),
    "zeros before a size": chunked(b"0005\r\nhello\r\n0\r\n\r\n"),
    "blanks around values": post(b"Content-Length:  5 ", body=b"hello"),
    "a GET with a body": get(LENGTH_5, body=b"hello"),
}

SUSPECT = {
    # Two lengths (RFC 9112 §6.3).
    "length and chunked": coding(CHUNKED),
    "chunked and length": post(CHUNKED, b"Content-Length: 6", body=b"0\r\n\r\nG" + SMUGGLED),
    "chunked and length, chunks beyond": post(CHUNKED, b"Content-Length: 3", body=HELLO),
    "two lengths": post(b"Content-Length: 0", ITS_LENGTH, body=SMUGGLED),
    "two equal lengths": post(LENGTH_5, LENGTH_5, body=b"hello"),
    "a list of lengths": post(b"Content-Length: 5, 5", body=b"hello"),
    "a list of two lengths": post(b"Content-Length: 0, %d" % SIZE, body=SMUGGLED),
    "a length with a sign": post(b"Content-Length: +5", body=b"hello"),
    "a negative length": post(b"Content-Length: -5", body=b"hello"),
    "a hexadecimal length": post(b"Content-Length: 0x5", body=b"hello"),
    "a length of no digits": post(b"Content-Length:", body=SMUGGLED),
    "a length with a blank": post(b"Content-Length: 5 5", body=b"hello"),
    "a length with a fraction": post(b"Content-Length: 5.0", body=b"hello"),
    "a length beyond 64 bits": post(b"Content-Length: 18446744073709551621", body=b"hello"),
    "a length with a vertical tab": post(b"Content-Length:\x0b5", body=b"hello"),
    "a length by underscore": post(b"Content_Length: %d" % SIZE, body=SMUGGLED),
    "a length and a blank before the colon": post(b"Content-Length : %d" % SIZE, body=SMUGGLED),
    "a length in a folded line": post(b"X: y\r\n " + ITS_LENGTH, body=SMUGGLED),
    "a folded length": post(b"Content-Length:\r\n %d" % SIZE, body=SMUGGLED),
    "a length named by Connection": post(b"Connection: Content-Length", ITS_LENGTH, body=SMUGGLED),
    # Transfer-Encoding that is not exactly chunked (§6.1).
    "xchunked": coding(b"Transfer-Encoding: xchunked"),
    "chunked, identity": coding(b"Transfer-Encoding: chunked, identity"),
    "identity, chunked": coding(b"Transfer-Encoding: identity, chunked"),
    "gzip, chunked": coding_alone(b"Transfer-Encoding: gzip, chunked"),
    "chunked twice": coding_alone(b"Transfer-Encoding: chunked, chunked"),
    "identity": coding(b"Transfer-Encoding: identity"),
    "chunked with a parameter": coding(b"Transfer-Encoding: chunked;q=1"),
    "chunked in quotes": coding(b'Transfer-Encoding: "chunked"'),
    "chunked behind a comma": coding_alone(b"Transfer-Encoding: ,chunked"),
    "chunked and a vertical tab": coding(b"Transfer-Encoding: chunked\x0b"),
    "chunked and a NUL": coding(b"Transfer-Encoding: chunked\x00"),
    "chunked and a NBSP": coding(b"Transfer-Encoding: chunked\xa0"),
    "empty coding": coding(b"Transfer-Encoding:"),
    "coding and a blank before the colon": coding(b"Transfer-Encoding : chunked"),
    "coding and a tab before the colon": coding(b"Transfer-Encoding\t: chunked"),
    "coding by underscore": coding(b"Transfer_Encoding: chunked"),
    "coding behind a bare LF": coding(b"X: y\nTransfer-Encoding: chunked"),
    "coding behind a bare CR": coding(b"X: y\rTransfer-Encoding: chunked"),
    "coding in a folded line": coding(b"X: y\r\n Transfer-Encoding: chunked"),
    "a folded coding": coding(b"Transfer-Encoding:\r\n chunked"),
    "coding behind a blank": coding(b" Transfer-Encoding: chunked"),
    "two codings": coding(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    "two codings, chunked last": coding(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"),
    "coding named by Connection": coding_alone(b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked"),
    "chunked in HTTP/1.0": chunked(HELLO, line=b"POST /{id}/a HTTP/1.0"),
    "chunked and length in HTTP/1.0": post(b"Content-Length: %d" % (5 + SIZE), CHUNKED, line=b"POST /{id}/a HTTP/1.0", body=b"0\r\n\r\n" + SMUGGLED),
    # The chunked coding (§7.1).
    "bare LF behind a size": chunked(b"5\nhello\r\n0\r\n\r\n"),
    "bare LF behind the data": chunked(b"5\r\nhello\n0\r\n\r\n"),
    "bare LF behind the last size": chunked(b"5\r\nhello\r\n0\n\r\n"),
    "bare LF at the end": chunked(b"5\r\nhello\r\n0\r\n\n"),
    "bare CR behind a size": chunked(b"5\rhello\r\n0\r\n\r\n"),
    "LF in an extension": chunked(b"5;a\nb\r\nhello\r\n0\r\n\r\n"),
    "CR in an extension": chunked(b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "LF in a quoted extension": chunked(b'5;a="\n"\r\nhello\r\n0\r\n\r\n'),
    "CR LF in a quoted extension": chunked(b'5;a="\r\nhello\r\n0\r\n\r\n' + SMUGGLED),
    "an extension that hides a chunk": chunked(b"2;\nxx\r\n%x\r\n0\r\n\r\n" % (SIZE + 5) + SMUGGLED + b"\r\n0\r\n\r\n"),
    "a prefixed size": chunked(b"0x5\r\nhello\r\n0\r\n\r\n"),
    "a size with a sign": chunked(b"+5\r\nhello\r\n0\r\n\r\n"),
    "a size with an underscore": chunked(b"0_5\r\nhello\r\n0\r\n\r\n"),
    "a size with a blank before it": chunked(b" 5\r\nhello\r\n0\r\n\r\n"),
    "a size with a blank behind it": chunked(b"5 \r\nhello\r\n0\r\n\r\n"),
    "a size with a tab behind it": chunked(b"5\t\r\nhello\r\n0\r\n\r\n"),
    "a size and noise": chunked(b"5 x\r\nhello\r\n0\r\n\r\n"),
    "an empty size": chunked(b"\r\nhello\r\n0\r\n\r\n"),
    "an empty extension": chunked(b"5;\r\nhello\r\n0\r\n\r\n"),
    "a size beyond 64 bits": chunked(b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "a size beyond 32 bits": chunked(b"100000005\r\nhello\r\n0\r\n\r\n"),
    "more data than its size": chunked(b"5\r\nhello!\r\n0\r\n\r\n"),
    "less data than its size": chunked(b"5\r\nhell\r\n0\r\n\r\n"),
    "no line end behind the data": chunked(b"5\r\nhello0\r\n\r\n"),
    "any two octets behind the data": chunked(b"5\r\nhelloXX0\r\n\r\n"),
    "a request as trailer": chunked(b"5\r\nhello\r\n0\r\n" + SMUGGLED),
    "a length in the trailer": chunked(b"5\r\nhello\r\n0\r\nContent-Length: 44\r\n\r\n"),
    "a trailer with a bare LF": chunked(b"5\r\nhello\r\n0\r\nX: y\n\r\n"),
    "a folded trailer": chunked(b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n"),
    # Heads (§2, §3, §5).
    "bare LF in the head": get(b"X: y\nZ: w"),
    "bare LF ends the head": b"GET /{id}/a HTTP/1.1\nHost: front.test\n\n",
    "bare CR in a value": get(b"X: y\rz"),
    "NUL in a value": get(b"X: y\x00z"),
    "a control character in a value": get(b"X: y\x01z"),
    "NUL in a name": get(b"X\x00: y"),
    "a blank in a name": get(b"X Y: z"),
    "no name": get(b": y"),
    "no colon": get(b"nonsense"),
    "a folded value": get(b"X: y\r\n z"),
    "a folded value that looks like a header": get(b"X: y\r\n Host: other.test"),
    "a blank before the first header": b"GET /{id}/a HTTP/1.1\r\n Host: front.test\r\nHost: front.test\r\n\r\n",
    "two hosts": get(b"Host: other.test"),
    "two equal hosts": get(b"Host: front.test"),
    "no host": get(host=None),
    "an empty host": get(host=b"Host:"),
    "a host with a user": get(host=b"Host: a@front.test"),
    "a host with a path": get(host=b"Host: front.test/x"),
    "another host in the target": get(line=b"GET http://other.test/{id}/a HTTP/1.1"),
    "two blanks in the line": get(line=b"GET  /{id}/a HTTP/1.1"),
    "a tab in the line": get(line=b"GET\t/{id}/a HTTP/1.1"),
    "a blank behind the line": get(line=b"GET /{id}/a HTTP/1.1 "),
    "a blank in the target": get(line=b"GET /{id}/a b HTTP/1.1"),
    "a blank before the method": get(line=b" GET /{id}/a HTTP/1.1"),
    "HTTP/0.9": get(line=b"GET /{id}/a"),
    "HTTP/1.2": get(line=b"GET /{id}/a HTTP/1.2"),
    "HTTP/2.0": get(line=b"GET /{id}/a HTTP/2.0"),
    "HTTP/1.10": get(line=b"GET /{id}/a HTTP/1.10"),
    "a version in lower case": get(line=b"GET /{id}/a http/1.1"),
    "a fragment": get(line=b"GET /{id}/a#b HTTP/1.1"),
    "an escaped slash": get(line=b"GET /{id}%2fa HTTP/1.1"),
    "dots": get(line=b"GET /{id}/x/../a HTTP/1.1"),
    "escaped dots": get(line=b"GET /{id}/x/%2e%2e/a HTTP/1.1"),
    "an escaped NUL": get(line=b"GET /{id}/a%00b HTTP/1.1"),
    "an escaped line end": get(line=b"GET /{id}/a%0d%0aX:%20y HTTP/1.1"),
    "a backslash": get(line=b"GET /{id}\\a HTTP/1.1"),
    "a line end in the target": get(line=b"GET /{id}/a\nX: y HTTP/1.1"),
    "CONNECT": get(line=b"CONNECT front.test:80 HTTP/1.1"),
    "an unknown expectation": post(LENGTH_5, b"Expect: x", body=b"hello"),
    "an expectation in a GET": get(b"Expect: 100-continue"),
    "h2c": get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    "two line ends before the line": b"\r\n\r\n" + get(),
    "a GET whose length is 0": get(b"Content-Length: 0", body=SMUGGLED),
    "close and keep-alive": get(b"Connection: close, keep-alive"),
}


def whole(message, name):
    """The octets to send: the message, and a request behind it whose fate shows where the message ended."""
    return (message + END).replace(b"{id}", name.encode())
