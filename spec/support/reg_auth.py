"""Authentication of the test registry: none, Basic, or Bearer with a token endpoint of its own.

A configuration is what POST /_auth was sent (see spec/README.md). Tokens are random strings, known
here with what they were granted: a client must not be able to read anything out of them.
"""
import base64
import binascii
import re
import secrets
import threading
import time
from urllib.parse import parse_qs

from reg_store import RegistryError

DEFAULTS = {
    "mode": "none",
    "users": {"alice": "s3cret:pass"},
    "realm": None,              # of the challenge; a URL for bearer, placeholders as in rules
    "service": "test-registry",
    "expires_in": 300,          # None: left out of the answer
    "lifetime": None,           # how long the registry really takes a token; None: expires_in
    "token_field": "token",     # token, access_token, both or none
    "refuse_get": 0,            # a status for GET /_token
    "refuse_post": 0,           # a status for POST /_token
    "anonymous": [],            # patterns of repositories that anybody may pull
    "deny": [],                 # patterns of repositories whose scopes are never granted
    "refresh_tokens": {},       # identity tokens that are taken: token -> user
    "give_refresh": False,      # answers a POST with a refresh_token
    "static_tokens": [],        # bearer tokens that the registry takes as they are, for all
    "second": False,            # the second origin asks for authentication too
}


class Auth:
    def __init__(self):
        self.lock = threading.Lock()
        self.configure({})

    def configure(self, config):
        unknown = set(config) - set(DEFAULTS) - {"user", "password"}
        if unknown:
            raise ValueError("unknown auth settings: " + ", ".join(sorted(unknown)))
        merged = {**DEFAULTS, **config}
        if "user" in config:
            merged["users"] = {config["user"]: config.get("password", "")}
        with self.lock:
            self.config = merged
            self.tokens = {}
            self.refresh = dict(merged["refresh_tokens"])
            self.token_requests = 0

    def revoke(self):
        """All tokens become invalid, as when a registry is restarted with another key."""
        with self.lock:
            self.tokens.clear()

    # ---- the registry's side

    def check(self, request, needed, expand):
        """Raises what an unauthorised request gets. `needed` is a list of (name, action)."""
        mode = self.config["mode"]
        if mode == "none" or (request.origin == "second" and not self.config["second"]):
            return
        if mode == "basic":
            self.check_basic(request)
        else:
            self.check_bearer(request, needed, expand)

    def check_basic(self, request):
        if basic_user(request.header("authorization"), self.config["users"]) is None:
            realm = self.config["realm"] or "test registry"
            raise unauthorized('Basic realm="%s"' % realm)

    def check_bearer(self, request, needed, expand):
        scheme, _, token = request.header("authorization").partition(" ")
        missing = needed
        error = ""
        if scheme.lower() == "bearer":
            if token in self.config["static_tokens"]:
                return
            granted = self.granted(token)
            error = "invalid_token" if granted is None else "insufficient_scope"
            missing = [n for n in needed if n not in (granted or set())]
            if granted is not None and not missing:
                return
        realm = expand(self.config["realm"] or "{scheme}://{self}/_token")
        challenge = 'Bearer realm="%s",service="%s"' % (realm, self.config["service"])
        if needed:
            challenge += ',scope="%s"' % scope_text(needed)
        if error:
            challenge += ',error="%s"' % error
        raise unauthorized(challenge)

    def granted(self, token):
        with self.lock:
            known = self.tokens.get(token)
        if known is None or known["until"] < time.monotonic():
            return None
        return known["scopes"]

    # ---- the token endpoint

    def token(self, request):
        """(status, body) for a GET or POST of /_token."""
        with self.lock:
            self.token_requests += 1
        if request.method == "GET":
            return self.token_by_get(request)
        return self.token_by_post(request)

    def token_by_get(self, request):
        if self.config["refuse_get"]:
            return self.config["refuse_get"], {"details": "use POST"}
        header = request.header("authorization")
        user = basic_user(header, self.config["users"]) if header else ""
        if user is None:
            return 401, {"details": "incorrect username or password"}
        return 200, self.issue(user, request.query.get("scope", []), False)

    def token_by_post(self, request):
        if self.config["refuse_post"]:
            return self.config["refuse_post"], {"error": "unsupported"}
        form = {k: v[0] for k, v in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if "service" not in form or "client_id" not in form:
            return 400, {"error": "invalid_request"}
        user = self.user_of_form(form)
        if user is None:
            return 401, {"error": "invalid_grant"}
        return 200, self.issue(user, [form.get("scope", "")], True)

    def user_of_form(self, form):
        if form.get("grant_type") == "refresh_token":
            return self.refresh.get(form.get("refresh_token"))
        user = form.get("username")
        right = form.get("grant_type") == "password" and user in self.config["users"]
        return user if right and self.config["users"][user] == form.get("password") else None

    def issue(self, user, scopes, by_post):
        token = "tok_" + secrets.token_urlsafe(32)
        asked = [pair for text in scopes for pair in parse_scope(text)]
        lifetime = self.config["lifetime"]
        if lifetime is None:
            lifetime = self.config["expires_in"] or 60
        with self.lock:
            self.tokens[token] = {
                "scopes": {pair for pair in asked if self.allowed(user, *pair)},
                "until": time.monotonic() + lifetime,
            }
        field = "access_token" if by_post else self.config["token_field"]
        answer = {f: token for f in ("token", "access_token") if field in (f, "both")}
        if self.config["expires_in"] is not None:
            answer["expires_in"] = self.config["expires_in"]
        if by_post and self.config["give_refresh"]:
            refresh = "ref_" + secrets.token_urlsafe(16)
            self.refresh[refresh] = user
            answer["refresh_token"] = refresh
        return answer

    def allowed(self, user, name, action):
        if any(re.fullmatch(p, name) for p in self.config["deny"]):
            return False
        if user:
            return True
        return action == "pull" and any(re.fullmatch(p, name) for p in self.config["anonymous"])


def unauthorized(challenge):
    return RegistryError(401, "UNAUTHORIZED", "authentication required",
                         [("WWW-Authenticate", challenge)])


def basic_user(header, users):
    """The user whose right password an Authorization header carries, or None."""
    scheme, _, text = header.partition(" ")
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user if scheme.lower() == "basic" and users.get(user) == password else None


def parse_scope(text):
    """'repository:a/b:pull,push registry:catalog:*' -> [("a/b", "pull"), ...]"""
    pairs = []
    for scope in text.split():
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        if kind == "registry":
            name = ":" + name
        pairs += [(name, action) for action in actions.split(",")]
    return pairs


def scope_text(needed):
    """The other way round; the actions of one repository are joined."""
    by_name = {}
    for name, action in needed:
        by_name.setdefault(name, []).append(action)
    return " ".join(
        ("registry" + name if name.startswith(":") else "repository:" + name)
        + ":" + ",".join(actions)
        for name, actions in by_name.items())
