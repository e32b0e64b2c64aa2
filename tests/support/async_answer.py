"""Reads answers of HTTP/1.1 from asyncio's streams."""


class Answer:
    """A status, the fields as pairs of a lower-case name and a value, and the body."""

    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def cookies(self):
        """What a Cookie field sends back."""
        return "; ".join(value.partition(";")[0] for name, value in self.fields if name == "set-cookie")


async def read_answer(reader):
    return await read_body(await read_head(reader), reader)


async def read_head(reader):
    return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")


async def read_body(head, reader):
    """The answer with this head."""
    lines = head.split("\r\n")
    fields = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)]
    known = dict(fields)
    if "content-length" in known:
        body = await reader.readexactly(int(known["content-length"]))
    elif known.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    else:
        body = await reader.read()
    return Answer(int(lines[0].split()[1]), fields, body.decode("latin-1"))
