#!/usr/bin/env python3
"""A TCP proxy that breaks connections; it stands in front of any server.

    fault_proxy.py [--port N]

Controlled by HTTP on the port that it prints:

    POST   /proxy      {"target": "127.0.0.1:5000"}  ->  {"id": 1, "address": "127.0.0.1:41234"}
    POST   /proxy/1    {"faults": [{...}, ...]}      faults for connections made from now on
    GET    /proxy/1    ->  {"connections": 3, "bytes_up": 120, "bytes_down": 4000}
    DELETE /proxy/1
    POST   /reset      ends all proxies

Each new connection takes the first fault that has turns left:
{"times": 1, "skip": 0, "direction": "down", "after": N, "do": "cut" | "reset" | "black_hole",
"delay": seconds before each chunk, "rate": bytes per second, "refuse": true}. `down` is from the
server to the client. After N bytes in that direction a cut closes both sides, a reset does it with
RST, a black hole takes bytes and passes none on.
"""
import argparse
import json
import signal
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = 16 * 1024
FIELDS = {"times", "skip", "direction", "after", "do", "delay", "rate", "refuse"}


def abort(sock):
    """Closes with RST instead of FIN."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()


def shut(sock, how):
    try:
        sock.shutdown(how)
    except OSError:
        pass


class Link:
    """One connection through the proxy: two threads, one for each direction."""

    def __init__(self, proxy, client, fault):
        self.proxy = proxy
        self.client = client
        self.fault = fault
        self.server = socket.create_connection(proxy.target, timeout=10)
        self.server.settimeout(None)
        for sock in (client, self.server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self):
        up = threading.Thread(target=self.pump, args=("up", self.client, self.server), daemon=True)
        up.start()
        self.pump("down", self.server, self.client)
        up.join()
        self.client.close()
        self.server.close()

    def pump(self, direction, source, sink):
        mine = self.fault.get("direction", "down") == direction
        fault = self.fault if mine else {}
        left = fault.get("after", 0) if "do" in fault else None
        try:
            while True:
                data = source.recv(BLOCK)
                if not data:
                    shut(sink, socket.SHUT_WR)
                    return
                if left is not None and len(data) >= left:
                    self.forward(direction, sink, data[:left], fault)
                    self.strike(source)
                    return
                if left is not None:
                    left -= len(data)
                self.forward(direction, sink, data, fault)
        except OSError:
            shut(self.client, socket.SHUT_RDWR)
            shut(self.server, socket.SHUT_RDWR)

    def forward(self, direction, sink, data, fault):
        if fault.get("delay"):
            time.sleep(fault["delay"])
        sink.sendall(data)
        self.proxy.count("bytes_" + direction, len(data))
        if fault.get("rate"):
            time.sleep(len(data) / fault["rate"])

    def strike(self, source):
        """What the fault does when its byte has come."""
        if self.fault["do"] == "black_hole":
            while source.recv(BLOCK):
                pass
        elif self.fault["do"] == "reset":
            self.server.close()
            # Wakes the other direction's thread, whose recv would hold the socket open.
            shut(self.client, socket.SHUT_RD)
            abort(self.client)
        shut(self.client, socket.SHUT_RDWR)
        shut(self.server, socket.SHUT_RDWR)


class Proxy:
    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self.target = (host, int(port))
        self.lock = threading.Lock()
        self.faults = []
        self.counters = {"connections": 0, "bytes_up": 0, "bytes_down": 0}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def count(self, name, step):
        with self.lock:
            self.counters[name] += step

    def set_faults(self, faults):
        for fault in faults:
            if set(fault) - FIELDS:
                raise ValueError("unknown in a fault: %s" % (set(fault) - FIELDS))
        with self.lock:
            self.faults = [dict(f) for f in faults]

    def take_fault(self):
        with self.lock:
            for fault in self.faults:
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                elif fault.setdefault("times", 1) != 0:
                    fault["times"] -= 1
                    return fault
        return {}

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.count("connections", 1)
            fault = self.take_fault()
            if fault.get("refuse"):
                abort(client)
                continue
            threading.Thread(target=self.link, args=(client, fault), daemon=True).start()

    def link(self, client, fault):
        try:
            Link(self, client, fault).run()
        except OSError:
            client.close()

    def close(self):
        shut(self.listener, socket.SHUT_RDWR)
        self.listener.close()


class Control(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def handle_call(self):
        size = int(self.headers.get("content-length") or 0)
        try:
            value = json.loads(self.rfile.read(size) or b"{}")
            status, answer = self.call(self.command, self.path, value)
        except (KeyError, ValueError, OSError) as error:
            status, answer = 400, {"error": str(error)}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = handle_call

    def call(self, method, path, value):
        proxies = self.server.proxies
        if (method, path) == ("POST", "/proxy"):
            self.server.last_id += 1
            proxy = proxies[self.server.last_id] = Proxy(value["target"])
            return 200, {"id": self.server.last_id, "address": proxy.address}
        if (method, path) == ("POST", "/reset"):
            for ident in list(proxies):
                proxies.pop(ident).close()
            return 200, {}
        proxy = proxies[int(path.rpartition("/")[2])]
        if method == "POST":
            proxy.set_faults(value["faults"])
        if method == "DELETE":
            proxies.pop(int(path.rpartition("/")[2])).close()
        return 200, dict(proxy.counters)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    last_id = 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    server = Server(("127.0.0.1", args.port), Control)
    server.proxies = {}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    print("127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
