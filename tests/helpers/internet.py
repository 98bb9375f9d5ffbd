"""An imitated internet: a local server that answers for any host, also under TLS, as well or as badly as a test wants.

It is a proxy. The program under test sends requests for its true addresses through it, in this process or in another, and nothing in the
program is replaced.
"""

import contextlib
import dataclasses
import hashlib
import re
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import trustme

QUOTA_PAGE = """<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body><div class="uc-error-container">
<p class="uc-error-caption">Sorry, you can&#39;t view or download this file at this time.</p>
<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently. Please try accessing the file again later.</p>
</div></body></html>"""
SIGN_IN_PAGE = (
    "<!DOCTYPE html><html><head><title>Google Drive: Sign-in</title></head><body>Sign in to continue to Google Drive</body></html>"
)
VIRUS_PAGE = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<p class="uc-warning-caption">Google Drive can't scan this file for viruses.</p>
<p class="uc-warning-subcaption">{name} is too large for Google to scan for viruses. Would you still like to download this file?</p>
<form id="download-form" action="https://drive.usercontent.google.com/download" method="get"><input type="submit" value="Download anyway"/>
<input type="hidden" name="id" value="{id}"><input type="hidden" name="export" value="download">
<input type="hidden" name="confirm" value="t"><input type="hidden" name="uuid" value="{token}"></form></body></html>"""
OLD_VIRUS_PAGE = """<html><head><title>Google Drive - Virus scan warning</title></head><body>
<a id="uc-download-link" href="/uc?export=download&amp;confirm={token}&amp;id={id}">Download anyway</a></body></html>"""
# Drive writes a page as one line, and gdown reads line by line.
VIRUS_PAGE, OLD_VIRUS_PAGE = (page.replace("\n", " ") for page in (VIRUS_PAGE, OLD_VIRUS_PAGE))
HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclasses.dataclass
class Request:
    """A request that a site receives."""

    host: str
    path: str
    query: dict[str, str]
    range: str | None
    cookies: str


@dataclasses.dataclass
class Response:
    """An answer. The connection ends after `cut` bytes of the body, or stays open and silent after `hang` bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    cut: int | None = None
    hang: int | None = None
    slow: float = 0.0
    """Seconds of delay after each 64 KiB."""


def served(content: bytes, request: Request, *, ranges: bool = True, **more) -> Response:
    """Send `content` as file servers do: completely, or from the position at which the client wants to continue."""
    headers = {"Content-Type": "application/octet-stream", "ETag": f'"{hashlib.md5(content).hexdigest()}"', **more.pop("headers", {})}
    begin = re.fullmatch(r"bytes=(\d+)-", request.range or "")
    if not (ranges and begin):
        return Response(content, headers=headers, **more)
    start = int(begin[1])
    if start >= len(content):
        return Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return Response(content[start:], 206, headers, **more)


Site = Callable[[Request], Response]


class Internet:
    """The server. Use `with Internet(monkeypatch) as internet`, then `internet.site(host, function)` or `internet.file(address,
    content)`.
    """

    def __init__(self, monkeypatch, folder) -> None:
        self.asked: list[Request] = []
        self._sites: dict[str, Site] = {}
        self._files: dict[str, tuple[bytes, dict]] = {}
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        certificate = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(certificate)
        internet = self

        class Handler(_Handler):
            pass

        Handler.internet = internet
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.environment = {"HTTP_PROXY": address, "HTTPS_PROXY": address, "NO_PROXY": "", "REQUESTS_CA_BUNDLE": str(certificate)}
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
            monkeypatch.setenv(name.lower(), value)

    def __enter__(self) -> "Internet":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def site(self, host: str, answer: Site) -> None:
        """Send every request to `host` to `answer`."""
        self._sites[host] = answer

    def file(self, address: str, content: bytes, **behavior) -> None:
        """Put `content` at `address`. `behavior` are keywords of `served`."""
        self._files[address] = (content, behavior)

    def hosts(self) -> list[str]:
        """Return the hosts that were asked, without repetitions in a row."""
        return [request.host for i, request in enumerate(self.asked) if not i or self.asked[i - 1].host != request.host]

    def answer(self, scheme: str, request: Request, target: str) -> Response:
        """Return the answer of the host of `request`."""
        with self._lock:
            self.asked.append(request)
        if request.host in self._sites:
            return self._sites[request.host](request)
        if (entry := self._files.get(f"{scheme}://{request.host}{target}")) is not None:
            return served(entry[0], request, **entry[1])
        return Response(b"<html>not here</html>", 404, HTML)

    def context(self, host: str) -> ssl.SSLContext:
        """Return the TLS context of `host`."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`, but not beyond the end of the test."""
        self._ended.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    internet: Internet
    protocol_version = "HTTP/1.1"
    host = ""

    def log_message(self, *_) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.host = self.path.rpartition(":")[0]
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = self.internet.context(self.host).wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        scheme, host = ("https", self.host) if self.host else ("http", url.hostname)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        request = Request(host, url.path, query, self.headers.get("Range"), self.headers.get("Cookie", ""))
        target = url.path + ("?" + url.query if url.query else "")
        response = self.internet.answer(scheme, request, target)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self._send(response)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in {"Content-Length": str(len(response.body)), **response.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        end = min(x for x in (response.cut, response.hang, len(response.body)) if x is not None)
        for start in range(0, end, 2**16):
            self.wfile.write(response.body[start : min(start + 2**16, end)])
            if response.slow:
                time.sleep(response.slow)
        if response.hang is not None:
            self.internet.wait(60)
        if response.hang is not None or end < len(response.body):
            self.close_connection = True
            # The connection is closed without an answer, as by a server that dies.
            self.connection.close()


class Drive:
    """Imitates Google Drive's downloads.

    Files of more than `scanned` bytes come after a page that warns of viruses, with a token that must be sent back. `quota` and `private`
    contain the files that it refuses.
    """

    def __init__(self, internet: Internet, files: dict[str, bytes], *, scanned: int = 1000, old: bool = False) -> None:
        self.files, self.scanned, self.old = files, scanned, old
        self.quota: set[str] = set()
        self.private: set[str] = set()
        self.behavior: list[dict] = []
        """How the next files are sent, one entry per file. After these, files are sent without faults."""
        self.circle = False
        self.tokens = 0
        for host in ("drive.google.com", "docs.google.com", "drive.usercontent.google.com"):
            internet.site(host, self)

    def __call__(self, request: Request) -> Response:
        identifier = request.query.get("id", "")
        if identifier in self.private:
            return Response(SIGN_IN_PAGE.encode(), 200, HTML)
        if identifier not in self.files:
            return Response(b"<html><title>Error 404 (Not Found)</title></html>", 404, HTML)
        if request.host == "drive.google.com" and not self.old:
            address = f"https://drive.usercontent.google.com/download?id={identifier}&export=download"
            return Response(b"moved", 303, {"Location": address, **HTML})
        if identifier in self.quota:
            return Response(QUOTA_PAGE.encode(), 200, HTML)
        content = self.files[identifier]
        token = f"token{self.tokens}"
        confirmed = request.query.get("confirm") == (token if self.old else "t") and (self.old or request.query.get("uuid") == token)
        if len(content) > self.scanned and (self.circle or not confirmed):
            self.tokens += 1
            page = OLD_VIRUS_PAGE if self.old else VIRUS_PAGE
            return Response(page.format(id=identifier, token=f"token{self.tokens}", name="a file").encode(), 200, HTML)
        headers = {"Content-Disposition": "attachment; filename=\"file\"; filename*=UTF-8''file"}
        # Requests in which gdown only asks for the header of a file that it then requests in part are not counted.
        behavior = self.behavior.pop(0) if self.behavior else {}
        return served(content, request, headers=headers, **behavior)
