"""The switches of the test registry: rules that match a request and spoil its answer.

A rule is {"method": "GET", "path": "regex", "origin": "main", "skip": 0, "times": 1, "action": {}}.
The first rule that matches and has turns left is used; see spec/README.md for the actions.
"""
import json
import re
import threading

ACTIONS = {
    # instead of the real answer
    "status", "headers", "body", "body_json", "body_size", "redirect", "close", "reset",
    "read_body_bytes",
    # while answering
    "delay", "early", "cut", "stall", "drip", "no_content_length", "chunked",
    # the real answer, changed
    "set_headers", "remove_headers", "flip", "extend", "truncate", "keep_length",
}
FIELDS = {"method", "path", "origin", "header", "skip", "times", "action"}


class Rule:
    def __init__(self, spec):
        unknown = (set(spec) - FIELDS) | (set(spec.get("action", {})) - ACTIONS)
        if unknown:
            raise ValueError("unknown in a rule: " + ", ".join(sorted(unknown)))
        self.methods = spec.get("method", "*").upper().split("|")
        self.path = re.compile(spec.get("path", ""))
        self.origin = spec.get("origin", "*")
        self.header = {k.lower(): re.compile(v) for k, v in spec.get("header", {}).items()}
        self.skip = spec.get("skip", 0)
        self.times = spec.get("times", 1)
        self.action = spec.get("action", {})

    def matches(self, request):
        return (("*" in self.methods or request.method in self.methods)
                and self.path.search(request.target) is not None
                and self.origin in ("*", request.origin)
                and all(r.search(request.header(n)) for n, r in self.header.items()))

    def take_turn(self):
        """True if it applies this time."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times == 0:
            return False
        self.times -= 1     # -1 never comes to 0
        return True


class Rules:
    def __init__(self):
        self.lock = threading.Lock()
        self.rules = []

    def set(self, specs):
        rules = [Rule(s) for s in specs]
        with self.lock:
            self.rules = rules

    def action(self, request):
        """The action for this request; {} if no rule applies."""
        with self.lock:
            for rule in self.rules:
                if rule.matches(request) and rule.take_turn():
                    return rule.action
        return {}


def replaces(action):
    """True if the action answers instead of the registry."""
    return any(k in action for k in ("status", "redirect"))


def replacement(action, expand):
    """(status, headers, body) of an answer that stands in for the real one."""
    headers = header_list(action.get("headers", {}), expand)
    if "redirect" in action:
        redirect = action["redirect"]
        headers.append(("Location", expand(redirect["location"])))
        return redirect.get("status", 307), headers, b""
    body = action.get("body", "")
    if "body_json" in action:
        body = json.dumps(action["body_json"])
        if not any(n.lower() == "content-type" for n, _ in headers):
            headers.append(("Content-Type", "application/json"))
    data = body.encode("utf-8", "surrogateescape")
    return action["status"], headers, data.ljust(action.get("body_size", 0))


def header_list(headers, expand):
    """{"Name": "value" or ["value", "value"]} as pairs."""
    pairs = []
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            pairs.append((name, expand(str(value))))
    return pairs


def change_headers(headers, action, expand):
    """Applies set_headers and remove_headers."""
    gone = {n.lower() for n in action.get("remove_headers", [])}
    gone |= {n.lower() for n in action.get("set_headers", {})}
    kept = [(n, v) for n, v in headers if n.lower() not in gone]
    return kept + header_list(action.get("set_headers", {}), expand)


def change_body(body, action):
    """Applies flip, truncate and extend."""
    if "flip" in action and body:
        changed = bytearray(body)
        changed[action["flip"] % len(body)] ^= 0x01
        body = bytes(changed)
    if "truncate" in action:
        body = body[:action["truncate"]]
    return body + b"x" * action.get("extend", 0)
