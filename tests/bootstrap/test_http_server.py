"""How a door listens: what it answers goes out at once."""

import asyncio
import socket

from bootstrap.http_server import Place, listening


async def test_an_answer_does_not_wait_for_an_acknowledgement_before_its_second_half_goes_out() -> None:
    met: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own: socket.socket = writer.get_extra_info("socket")
        met.set_result(own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listening(Place("127.0.0.1", 0, "door", "NO_SUCH_SETTING")) as listener:
        server = await asyncio.start_server(meet, sock=listener)
        async with server:
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            assert await met
            writer.close()
