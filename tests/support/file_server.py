"""A server of files on the loopback, that lists folders and serves ranges, as a lab's or a bucket's web page does."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FileServer(SimpleHTTPRequestHandler):
    """Serves files; `asked` has the method, path and range of each request, `cut` those that break off in the middle."""

    asked: list[tuple[str, str, str]] = []
    cut: set[str] = set()
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Range", "")))

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def do_GET(self) -> None:
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        path = self.translate_path(self.path)
        if self.path in self.cut:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.log_message()
            self.wfile.write(b"\0" * 1000)
            self.close_connection = True
            return
        if found is None:
            super().do_GET()
            return
        with open(path, "rb") as file:  # noqa: PTH123 - a text
            content = file.read()
        first, last = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self.wfile.write(content[first : last + 1])


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, type[FileServer]]]:
    """Serve a folder; yields its address and what was asked."""
    handler = type("Handler", (FileServer,), {"asked": [], "cut": set()})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", handler
        finally:
            server.shutdown()
            thread.join()
