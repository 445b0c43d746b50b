#!/usr/bin/env python3
"""The test registry: all of the distribution specification in memory, with switches for faults.

    registry.py [--port N] [--second-port N] [--cert FILE --key FILE]

It listens on two origins that show the same content. The first is the registry; the second is
"somebody else's host", to redirect to and to see whether credentials arrive there. Tests control it
by requests to /_switch, /_auth, /_config, /_log, /_info and /_reset: spec/README.md describes them.
With all switches off it behaves as the specification says.
"""
import argparse
import hashlib
import json
import re
import select
import signal
import socket
import socketserver
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, quote, urlsplit

import reg_rules
from reg_auth import Auth
from reg_store import INDEX, RegistryError, Store, parse_object

BLOCK = 64 * 1024
STALL_LIMIT_S = 300

CONFIG = {
    "referrers": True,          # False: the API answers 404, as registries before 1.1 do
    "delete": True,             # False: 405
    "tag_delete": True,         # False: 405 for a tag
    "mount": True,              # False: a mount is answered with an upload session
    "ranges": True,             # False: a Range is ignored
    "check_blobs": True,        # False: manifests are taken without their blobs
    "artifacts": True,          # False: manifests with an artifactType or the empty config are refused
    "digest_header": True,      # False: no Docker-Content-Digest
    "absolute_location": False,  # True: Location with scheme and host
    "page_max": 1000,           # most names or referrers in one answer
    "chunk_min": 0,             # OCI-Chunk-Min-Length
    "manifest_max": 4 * 1024 * 1024,
}


class HangUp(Exception):
    """Ends the connection without (more of) an answer."""

    def __init__(self, reset=False):
        super().__init__()
        self.reset = reset


class Answer:
    def __init__(self, status, headers=(), body=b""):
        self.status = status
        self.headers = list(headers)
        self.body = body

    @classmethod
    def json(cls, status, value, headers=()):
        body = json.dumps(value).encode()
        return cls(status, [("Content-Type", "application/json"), *headers], body)

    @classmethod
    def error(cls, error):
        body = {"errors": [{"code": error.code, "message": error.message, "detail": {}}]}
        return cls.json(error.status, body, error.headers)


class Request:
    """What came in. The body is read by the handler when an answer needs it."""

    def __init__(self, handler, origin):
        parts = urlsplit(handler.path)
        self.method = handler.command
        self.target = handler.path
        self.path = parts.path
        self.query = parse_qs(parts.query, keep_blank_values=True)
        self.headers = handler.headers
        self.origin = origin
        self.body = b""

    def header(self, name):
        return self.headers.get(name, "")

    def param(self, name, default=None):
        return self.query.get(name, [default])[0]


class Registry:
    """The state that both origins share, and the routes."""

    def __init__(self):
        self.store = Store()
        self.auth = Auth()
        self.rules = reg_rules.Rules()
        self.config = dict(CONFIG)
        self.lock = threading.Lock()
        self.log = []
        self.origins = {}
        self.scheme = "http"
        self.counters = {"connections": 0, "open": 0, "max_open": 0, "active": 0, "max_active": 0}
        self.stopping = threading.Event()

    def expand(self, text, request):
        """Fills {scheme}, {self}, {other} (host and port) and {path} (with query) in."""
        other = "second" if request.origin == "main" else "main"
        for name, value in (("scheme", self.scheme), ("self", self.origins[request.origin]),
                            ("other", self.origins[other]), ("path", request.target)):
            text = text.replace("{%s}" % name, value)
        return text

    def count(self, name, step):
        with self.lock:
            self.counters[name] += step
            if "max_" + name in self.counters:
                most = max(self.counters["max_" + name], self.counters[name])
                self.counters["max_" + name] = most
            return self.counters[name]

    # ---- control

    def control(self, request):
        """An answer to a control request, or None if it is not one."""
        route = {"/_switch": self.set_rules, "/_auth": self.set_auth, "/_config": self.set_config,
                 "/_log": self.get_log, "/_info": self.get_info, "/_reset": self.reset,
                 "/_revoke": self.revoke}.get(request.path)
        if route is None:
            return None
        try:
            return Answer.json(200, route(request))
        except (ValueError, KeyError, TypeError, re.error) as error:
            return Answer.json(400, {"error": str(error)})

    def set_rules(self, request):
        self.rules.set(json.loads(request.body)["rules"])
        return {}

    def set_auth(self, request):
        self.auth.configure(json.loads(request.body))
        return {}

    def set_config(self, request):
        changes = json.loads(request.body)
        unknown = set(changes) - set(CONFIG)
        if unknown:
            raise ValueError("unknown settings: " + ", ".join(sorted(unknown)))
        self.config.update(changes)
        return self.config

    def revoke(self, _request):
        self.auth.revoke()
        return {}

    def get_log(self, _request):
        with self.lock:
            return list(self.log)

    def get_info(self, _request):
        with self.lock:
            return {"origins": self.origins, "scheme": self.scheme, **self.counters,
                    "token_requests": self.auth.token_requests}

    def reset(self, request):
        if request.param("keep") != "content":
            self.store.clear()
        self.rules.set([])
        self.auth.configure({})
        self.config.update(CONFIG)
        with self.lock:
            self.log.clear()
            self.counters["connections"] = 0
            self.counters["max_open"] = self.counters["open"]
            self.counters["max_active"] = self.counters["active"]
        return {}

    # ---- the specification

    ROUTES = [
        (r"/v2/?", "base"),
        (r"/v2/_catalog", "catalog"),
        (r"/v2/(?P<name>.+)/blobs/uploads/?", "uploads"),
        (r"/v2/(?P<name>.+)/blobs/uploads/(?P<ident>[^/]+)", "upload"),
        (r"/v2/(?P<name>.+)/blobs/(?P<digest>[^/]+)", "blob"),
        (r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)", "manifest"),
        (r"/v2/(?P<name>.+)/tags/list", "tags"),
        (r"/v2/(?P<name>.+)/referrers/(?P<digest>[^/]+)", "referrers"),
    ]

    def answer(self, request):
        try:
            return self.route(request)
        except RegistryError as error:
            return Answer.error(error)

    def route(self, request):
        if request.path == "/_token":
            status, body = self.auth.token(request)
            return Answer.json(status, body)
        for pattern, kind in self.ROUTES:
            match = re.fullmatch(pattern, request.path)
            if match:
                return self.dispatch(request, kind, match.groupdict())
        raise RegistryError(404, "NOT_FOUND", "no such route")

    def dispatch(self, request, kind, args):
        method = "get" if request.method == "HEAD" else request.method.lower()
        action = getattr(self, "%s_%s" % (method, kind), None)
        needed = self.needed(request, kind, method, args)
        self.auth.check(request, needed, lambda text: self.expand(text, request))
        if action is None:
            raise RegistryError(405, "UNSUPPORTED", "method not allowed")
        return action(request, **args)

    @staticmethod
    def needed(request, kind, method, args):
        """What a token must grant, as (name, action)."""
        if kind == "catalog":
            return [(":catalog", "*")]
        if kind == "base":
            return []
        if method == "delete" and kind != "upload":
            return [(args["name"], "delete")]
        if method == "get" and kind != "upload":
            return [(args["name"], "pull")]
        needed = [(args["name"], "pull"), (args["name"], "push")]
        if request.param("from"):
            needed.append((request.param("from"), "pull"))
        return needed

    def location(self, request, path):
        if not self.config["absolute_location"]:
            return ("Location", path)
        return ("Location", "%s://%s%s" % (self.scheme, self.origins[request.origin], path))

    def digest_header(self, digest):
        return [("Docker-Content-Digest", digest)] if self.config["digest_header"] else []

    def allow_delete(self, setting="delete"):
        if not self.config[setting]:
            raise RegistryError(405, "UNSUPPORTED", "deleting is switched off")

    def page(self, request, items, key, path):
        """One page of a list, and the Link header to the next if there is one."""
        last = request.param("last")
        if last is not None:
            items = [i for i in items if key(i) > last]
        limit = request.param("n")
        if limit is not None and not re.fullmatch(r"[0-9]+", limit):
            raise RegistryError(400, "PAGINATION_NUMBER_INVALID", "bad n")
        size = min(self.config["page_max"], int(limit) if limit else self.config["page_max"])
        shown = items[:size]
        if len(shown) == len(items) or not shown:
            return shown, []
        extra = "".join("&%s=%s" % (k, quote(v[0], safe="")) for k, v in request.query.items()
                        if k not in ("n", "last"))
        target = "%s?n=%d&last=%s%s" % (path, size, quote(key(shown[-1]), safe=""), extra)
        return shown, [("Link", '<%s>; rel="next"' % target)]

    def get_base(self, _request):
        return Answer.json(200, {})

    def get_catalog(self, request):
        shown, link = self.page(request, self.store.names(), str, "/v2/_catalog")
        return Answer.json(200, {"repositories": shown}, link)

    def get_tags(self, request, name):
        path = "/v2/%s/tags/list" % name
        shown, link = self.page(request, self.store.tags(name), str, path)
        return Answer.json(200, {"name": name, "tags": shown}, link)

    def get_referrers(self, request, name, digest):
        if not self.config["referrers"]:
            raise RegistryError(404, "NOT_FOUND", "no referrers API")
        items = self.store.referrers(name, digest)
        headers = [("Content-Type", INDEX)]
        wanted = request.param("artifactType")
        if wanted:
            items = [i for i in items if i.get("artifactType") == wanted]
            headers.append(("OCI-Filters-Applied", "artifactType"))
        items.sort(key=lambda i: i["digest"])
        path = "/v2/%s/referrers/%s" % (name, digest)
        shown, link = self.page(request, items, lambda i: i["digest"], path)
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": shown}
        return Answer(200, headers + link, json.dumps(index).encode())

    # ---- blobs

    def get_blob(self, request, name, digest):
        data = self.store.blob(name, digest)
        headers = [("Content-Type", "application/octet-stream"), *self.digest_header(digest)]
        if not self.config["ranges"]:
            return Answer(200, headers, data)
        headers.append(("Accept-Ranges", "bytes"))
        span = byte_range(request.header("range"), len(data))
        if span is None:
            return Answer(200, headers, data)
        first, last = span
        headers.append(("Content-Range", "bytes %d-%d/%d" % (first, last, len(data))))
        return Answer(206, headers, data[first:last + 1])

    def delete_blob(self, _request, name, digest):
        self.allow_delete()
        self.store.delete_blob(name, digest)
        return Answer(202)

    def created(self, request, path, digest):
        return Answer(201, [self.location(request, path), *self.digest_header(digest)])

    def post_uploads(self, request, name):
        digest = request.param("mount")
        source = request.param("from")
        path = "/v2/%s/blobs/%s" % (name, digest)
        if digest and source and self.config["mount"] and self.store.mount(name, digest, source):
            return self.created(request, path, digest)
        digest = request.param("digest")
        if digest:
            self.store.put_blob(name, digest, request.body)
            return self.created(request, "/v2/%s/blobs/%s" % (name, digest), digest)
        return self.session(request, name, self.store.start_upload(name), 202)

    def session(self, request, name, ident, status):
        """An answer that tells where to go on with an upload, and how far it is."""
        size = len(self.store.upload(name, ident))
        path = "/v2/%s/blobs/uploads/%s?_state=%d" % (name, ident, size)
        headers = [self.location(request, path), ("Docker-Upload-UUID", ident),
                   ("Range", "0-%d" % max(size - 1, 0))]
        if self.config["chunk_min"]:
            headers.append(("OCI-Chunk-Min-Length", str(self.config["chunk_min"])))
        return Answer(status, headers)

    def get_upload(self, request, name, ident):
        return self.session(request, name, ident, 204)

    def append(self, request, name, ident):
        """Adds the body to a session; with a Content-Range, only where the session ends."""
        data = self.store.upload(name, ident)
        span = request.header("content-range")
        if span:
            match = re.fullmatch(r"(?:bytes )?([0-9]+)-([0-9]+)(?:/.*)?", span)
            begin = int(match[1]) if match else -1
            if begin != len(data) or int(match[2]) - begin + 1 != len(request.body):
                where = self.session(request, name, ident, 416)
                raise RegistryError(416, "RANGE_INVALID", "not where it ends", where.headers)
        data += request.body

    def patch_upload(self, request, name, ident):
        self.append(request, name, ident)
        return self.session(request, name, ident, 202)

    def put_upload(self, request, name, ident):
        digest = request.param("digest")
        if not digest:
            raise RegistryError(400, "DIGEST_INVALID", "no digest")
        self.append(request, name, ident)
        self.store.put_blob(name, digest, self.store.end_upload(name, ident))
        return self.created(request, "/v2/%s/blobs/%s" % (name, digest), digest)

    def delete_upload(self, _request, name, ident):
        self.store.upload(name, ident)
        self.store.end_upload(name, ident)
        return Answer(204)

    # ---- manifests

    def get_manifest(self, _request, name, reference):
        manifest, digest = self.store.manifest(name, reference)
        headers = [("Content-Type", manifest.media_type), *self.digest_header(digest)]
        return Answer(200, headers, manifest.data)

    def put_manifest(self, request, name, reference):
        if len(request.body) > self.config["manifest_max"]:
            raise RegistryError(413, "SIZE_INVALID", "manifest too large")
        media_type = request.header("content-type")
        if not media_type:
            raise RegistryError(400, "MANIFEST_INVALID", "no Content-Type")
        if not self.config["artifacts"] and is_artifact(request.body):
            raise RegistryError(400, "MANIFEST_INVALID", "unknown kind of manifest")
        digest, manifest = self.store.put_manifest(name, reference, request.body, media_type,
                                                   self.config["check_blobs"])
        answer = self.created(request, "/v2/%s/manifests/%s" % (name, digest), digest)
        if manifest.subject() and self.config["referrers"]:
            answer.headers.append(("OCI-Subject", manifest.subject()))
        return answer

    def delete_manifest(self, _request, name, reference):
        self.allow_delete("delete" if ":" in reference else "tag_delete")
        self.store.delete_manifest(name, reference)
        return Answer(202)


def is_artifact(body):
    """Does a manifest have what came with image-spec 1.1?"""
    value = parse_object(body)
    config = value.get("config") or {}
    return b'"artifactType"' in body or config.get("mediaType") == "application/vnd.oci.empty.v1+json"


def byte_range(header, size):
    """(first, last) of a Range header; None if there is none that asks for one range."""
    match = re.fullmatch(r"bytes=([0-9]*)-([0-9]*)", header)
    if not match or match[0] == "bytes=-":
        return None
    if match[1]:
        first = int(match[1])
        last = min(int(match[2]), size - 1) if match[2] else size - 1
    else:
        first, last = max(size - int(match[2]), 0), size - 1
    if first > last or first >= size:
        raise RegistryError(416, "RANGE_INVALID", "out of range",
                            [("Content-Range", "bytes */%d" % size)])
    return first, last


class Handler(BaseHTTPRequestHandler):
    """One connection. Answers are written by hand, because the switches spoil them byte by byte."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.registry = self.server.registry
        self.ident = self.registry.count("connections", 1)
        self.registry.count("open", 1)

    def finish(self):
        self.registry.count("open", -1)
        super().finish()

    def log_message(self, *_args):
        pass

    def handle_one_request(self):
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self.serve()
        except HangUp as hang_up:
            self.hang_up(hang_up.reset)
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def serve(self):
        request = Request(self, self.server.origin)
        if request.path.startswith("/_") and request.path != "/_token":
            request.body = self.read_body()
            answer = self.registry.control(request) or Answer(404)
            self.send(request, answer, {})
            return
        entry = self.start_entry(request)
        self.registry.count("active", 1)
        try:
            self.serve_registry(request, entry)
        finally:
            self.registry.count("active", -1)

    def serve_registry(self, request, entry):
        action = self.registry.rules.action(request)
        if action:
            entry["rule"] = True
        if action.get("delay"):
            time.sleep(action["delay"])
        if "read_body_bytes" in action:
            self.read_some(action["read_body_bytes"])
            raise HangUp(bool(action.get("reset")))
        if not action.get("early"):
            request.body = self.read_body()
            entry["body_length"] = len(request.body)
            entry["body_sha256"] = hashlib.sha256(request.body).hexdigest()
            if request.path == "/_token" and request.method == "POST":
                entry["form"] = request.body.decode("utf-8", "replace")
        if action.get("close") or action.get("reset"):
            raise HangUp(bool(action.get("reset")))
        answer = self.make_answer(request, action)
        entry["status"] = answer.status
        self.send(request, answer, action)
        entry["complete"] = True
        if action.get("early"):
            raise HangUp(False)

    def make_answer(self, request, action):
        def expand(text):
            return self.registry.expand(text, request)
        if reg_rules.replaces(action):
            return Answer(*reg_rules.replacement(action, expand))
        return self.registry.answer(request)

    def start_entry(self, request):
        """A line of the log, in the order in which requests arrive; filled in as things happen."""
        headers = {}
        for name, value in request.headers.items():
            name = name.lower()
            headers[name] = headers[name] + ", " + value if name in headers else value
        entry = {"method": request.method, "path": request.target, "headers": headers,
                 "origin": request.origin, "connection": self.ident, "time": time.monotonic(),
                 "body_length": None, "body_sha256": None, "status": None, "rule": False,
                 "complete": False}
        with self.registry.lock:
            self.registry.log.append(entry)
        return entry

    # ---- reading

    def read_body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self.chunks())
        return self.read_exactly(int(self.headers.get("content-length") or 0))

    def read_exactly(self, size):
        data = self.rfile.read(size) if size else b""
        if len(data) != size:
            raise HangUp()
        return data

    def chunks(self):
        while True:
            size = int(self.rfile.readline(1024).split(b";")[0].strip() or b"0", 16)
            if size:
                yield self.read_exactly(size)
                self.rfile.readline(1024)
                continue
            while self.rfile.readline(65537).strip():
                pass
            return

    def read_some(self, size):
        while size > 0:
            data = self.rfile.read1(min(size, BLOCK))
            if not data:
                return
            size -= len(data)

    # ---- writing

    def send(self, request, answer, action):
        def expand(text):
            return self.registry.expand(text, request)
        if action.get("stall", 0) < 0:
            self.stall()
        body = reg_rules.change_body(answer.body, action)
        length = len(answer.body) if action.get("keep_length") else len(body)
        headers = [("Docker-Distribution-Api-Version", "registry/2.0"), *answer.headers]
        headers += self.framing(answer.status, length, action)
        headers = reg_rules.change_headers(headers, action, expand)
        head = self.head(answer.status, headers)
        if request.method == "HEAD" or answer.status in (204, 304):
            body = b""
        elif action.get("chunked"):
            body = chunked(body)
        self.send_bytes(head, body, action)
        if action.get("no_content_length") or action.get("keep_length"):
            raise HangUp()

    @staticmethod
    def framing(status, length, action):
        if status in (204, 304):
            return []
        if action.get("chunked"):
            return [("Transfer-Encoding", "chunked")]
        if action.get("no_content_length"):
            return [("Connection", "close")]
        return [("Content-Length", str(length))]

    def head(self, status, headers):
        phrase = self.responses.get(status, ("Unknown",))[0]
        lines = ["HTTP/1.1 %d %s" % (status, phrase)]
        lines += ["%s: %s" % pair for pair in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def send_bytes(self, head, body, action):
        for name in ("cut", "stall"):
            if name not in action:
                continue
            self.write(head + body[:action[name]], action)
            if name == "stall":
                self.stall()
            raise HangUp(bool(action.get("reset")))
        self.write(head + body, action)

    def write(self, data, action):
        rate = action.get("drip")
        if not rate:
            self.connection.sendall(data)
            return
        step = max(int(rate / 10), 1)
        for begin in range(0, len(data), step):
            self.connection.sendall(data[begin:begin + step])
            time.sleep(step / rate)

    def stall(self):
        """Says nothing more until the client goes away or the registry stops."""
        until = time.monotonic() + STALL_LIMIT_S
        while time.monotonic() < until and not self.registry.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.1)
            if readable and not self.connection.recv(BLOCK):
                break
        raise HangUp()

    def hang_up(self, reset):
        """Ends the connection: at once with RST, or so that what was sent still arrives."""
        self.close_connection = True
        if reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            until = time.monotonic() + 1
            while time.monotonic() < until and self.connection.recv(BLOCK):
                pass
        except OSError:
            pass


def chunked(body):
    """As HTTP chunks of at most BLOCK bytes."""
    parts = [body[i:i + BLOCK] for i in range(0, len(body), BLOCK)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, port, registry, origin, tls):
        super().__init__(("127.0.0.1", port), Handler)
        self.registry = registry
        self.origin = origin
        registry.origins[origin] = "127.0.0.1:%d" % self.server_address[1]
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)

    def shutdown_request(self, request):
        """Only close: the handler has said all there is to say, or wants a reset."""
        self.close_request(request)

    def handle_error(self, request, client_address):
        """Clients that go away are what is tested."""


class TestRegistry:
    """Both origins, served by threads of this process."""

    def __init__(self, port=0, second_port=0, cert=None, key=None):
        tls = None
        self.registry = Registry()
        if cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(cert, key)
            self.registry.scheme = "https"
        self.servers = [Server(port, self.registry, "main", tls),
                        Server(second_port, self.registry, "second", tls)]
        self.address = self.registry.origins["main"]
        self.second_address = self.registry.origins["second"]

    def start(self):
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        self.registry.stopping.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--second-port", type=int, default=0)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    args = parser.parse_args()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    registry = TestRegistry(args.port, args.second_port, args.cert, args.key).start()
    print(registry.address, registry.second_address, flush=True)
    signal.sigwait(ends)
    registry.stop()


if __name__ == "__main__":
    main()
