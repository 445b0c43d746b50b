#!/usr/bin/env python3
"""A token server for docker-registry's token authentication: signed JWTs, by GET and by POST.

    token_server.py --key token.key --cert token.pem [--port N]

alice (password s3cret:pass) may pull, push and delete in alice/ and shared/ and list the catalog;
anybody may pull from shared/. The registry knows the signer by the certificate in the token's
header (x5c), so its rootcertbundle is that certificate.
"""
import argparse
import base64
import json
import secrets
import signal
import ssl
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from reg_auth import basic_user, parse_scope

USERS = {"alice": "s3cret:pass"}
ISSUER = "lua-oci test token server"
SERVICE = "lua-oci test registry"
LIFETIME_S = 300


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    def __init__(self, key, cert):
        self.key = key
        with open(cert, encoding="ascii") as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        self.header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}

    def sign(self, claims):
        text = b64url(json.dumps(self.header).encode()) + "." + b64url(json.dumps(claims).encode())
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key],
                              input=text.encode(), capture_output=True, check=True)
        return text + "." + b64url(done.stdout)


def allowed(user, name, action):
    if name == ":catalog":
        return user == "alice"
    if name.startswith("shared/") and action == "pull":
        return True
    return user == "alice" and name.startswith(("alice/", "shared/"))


def access(user, scopes):
    """The part of the asked scopes that the user may have, as the claim of that name."""
    granted = {}
    for name, action in (pair for text in scopes for pair in parse_scope(text)):
        if allowed(user, name, action):
            granted.setdefault(name, []).append(action)
    return [{"type": "registry" if n.startswith(":") else "repository",
             "name": n.lstrip(":"), "actions": a} for n, a in granted.items()]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        pass

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        header = self.headers.get("authorization", "")
        user = basic_user(header, USERS) if header else ""
        self.answer(user, query.get("scope", []), "token")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        form = {k: v[0] for k, v in parse_qs(body.decode()).items()}
        user = form.get("username", "")
        right = form.get("grant_type") == "password" and USERS.get(user) == form.get("password")
        self.answer(user if right else None, [form.get("scope", "")], "access_token")

    def answer(self, user, scopes, field):
        if user is None:
            self.send_json(401, {"details": "incorrect username or password"})
            return
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": user, "aud": SERVICE, "iat": now, "nbf": now - 10,
                  "exp": now + LIFETIME_S, "jti": secrets.token_hex(8),
                  "access": access(user, scopes)}
        token = self.server.signer.sign(claims)
        self.send_json(200, {field: token, "expires_in": LIFETIME_S})

    def send_json(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--key", required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    server = Server(("127.0.0.1", args.port), Handler)
    server.signer = Signer(args.key, args.cert)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    print("127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
