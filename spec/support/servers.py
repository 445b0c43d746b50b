"""Starts the servers that tests and benchmarks talk to, each on a free loopback port.

    with servers.Servers() as group:
        group.start_all()
        environment = group.environment       # what spec/README.md describes

Everything lives in one temporary directory and ends with the group: each server by its own process
id, and by the kernel if this process is killed.
"""
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import certs
import token_server

HERE = os.path.dirname(os.path.abspath(__file__))
START_LIMIT_S = 20
STOP_LIMIT_S = 5
PR_SET_PDEATHSIG = 1
USER, PASSWORD = "alice", "s3cret:pass"


class StartError(Exception):
    """A server did not come up. The text has its log."""


def peers_directory():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "lua-oci", "peers")


def peer(name):
    """The path of a Go program built by install.sh, or one of that name on the path, or None."""
    built = os.path.join(peers_directory(), name)
    return built if os.access(built, os.X_OK) else shutil.which(name)


def program(name):
    """Like which, but also where root's programs are."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """One server. Its output goes to a log file (its first line, on demand, to us)."""

    def __init__(self, name, argv, directory, wants_line=False, env=None):
        self.name = name
        self.log_path = os.path.join(directory, name + ".log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stderr=log, env=env, cwd=directory,
                stdout=subprocess.PIPE if wants_line else log, preexec_fn=die_with_parent)

    def fail(self, what):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return StartError("%s: %s\n%s" % (self.name, what, log.read()[-2000:]))

    def read_line(self):
        line = self.process.stdout.readline().decode().split()
        if not line:
            raise self.fail("did not start")
        return line

    def wait_port(self, port):
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise self.fail("ended with status %d" % self.process.returncode)
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise self.fail("does not listen")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Servers:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="lua-oci-test-")
        self.processes = []
        self.waiting = []
        self.environment = {"OCI_TEST_TMP": self.make_directory("scratch")}
        self.certs = None

    def __enter__(self):
        return self

    def __exit__(self, *_args):
        self.stop()

    def stop(self):
        for process in reversed(self.processes):
            process.stop()
        self.processes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def make_directory(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def spawn(self, name, argv, **options):
        process = Process(name, argv, self.directory, **options)
        self.processes.append(process)
        return process

    def spawn_python(self, name, script, *args):
        """Starts one of our own servers; gives the words of the line that it prints."""
        argv = [sys.executable, "-B", os.path.join(HERE, script), *args]
        return self.spawn(name, argv, wants_line=True).read_line()

    def wait(self):
        """Until all that was started listens."""
        for process, port in self.waiting:
            process.wait_port(port)
        self.waiting.clear()

    def cert_directory(self):
        if self.certs is None:
            self.certs = certs.make(os.path.join(self.directory, "certs"))
            self.environment["OCI_TEST_CERTS"] = self.certs
            self.environment["OCI_TEST_CA"] = os.path.join(self.certs, "ca.pem")
        return self.certs

    # ---- docker's registry, in its flavours

    def distribution(self, name, binary, tls=None, auth=None):
        """A docker-registry or distribution process with its own storage; gives host:port."""
        port = free_port()
        http = {"addr": "127.0.0.1:%d" % port, "secret": "not a secret"}
        if tls:
            http["tls"] = {"certificate": os.path.join(tls, "server.pem"),
                           "key": os.path.join(tls, "server.key")}
        config = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": self.make_directory(name)},
                        "delete": {"enabled": True},
                        "maintenance": {"uploadpurging": {"enabled": False}}},
            "http": http,
        }
        if auth:
            config["auth"] = auth
        # JSON is YAML.
        path = self.write(name + ".yml", json.dumps(config, indent=1))
        env = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
        process = self.spawn(name, [binary, "serve", path], env=env)
        self.waiting.append((process, port))
        return "127.0.0.1:%d" % port

    def registry(self):
        binary = program("docker-registry")
        if binary:
            self.environment["OCI_TEST_REGISTRY"] = self.distribution("registry", binary)

    def registry_tls(self):
        binary = program("docker-registry")
        if binary:
            self.environment["OCI_TEST_REGISTRY_TLS"] = self.distribution(
                "registry-tls", binary, tls=self.cert_directory())

    def registry_htpasswd(self):
        binary, htpasswd = program("docker-registry"), program("htpasswd")
        if not binary or not htpasswd:
            return
        # Cost 5: a registry checks it anew for every request.
        line = subprocess.run([htpasswd, "-nbB", "-C", "5", USER, PASSWORD], check=True,
                              capture_output=True, text=True).stdout
        auth = {"htpasswd": {"realm": "lua-oci test", "path": self.write("htpasswd", line)}}
        self.environment["OCI_TEST_REGISTRY_HTPASSWD"] = self.distribution(
            "registry-htpasswd", binary, auth=auth)

    def registry_token(self):
        binary = program("docker-registry")
        if not binary:
            return
        key, cert = (os.path.join(self.cert_directory(), "token." + e) for e in ("key", "pem"))
        address, = self.spawn_python("token", "token_server.py", "--key", key, "--cert", cert)
        self.environment["OCI_TEST_TOKEN_SERVER"] = address
        auth = {"token": {"realm": "http://%s/token" % address, "service": token_server.SERVICE,
                          "issuer": token_server.ISSUER, "rootcertbundle": cert}}
        self.environment["OCI_TEST_REGISTRY_TOKEN"] = self.distribution(
            "registry-token", binary, auth=auth)

    def registry3(self):
        binary = peer("registry")
        if binary:
            self.environment["OCI_TEST_REGISTRY3"] = self.distribution("registry3", binary)

    # ---- our own servers

    def switches(self):
        words = self.spawn_python("switches", "registry.py")
        self.environment["OCI_TEST_SWITCHES"], self.environment["OCI_TEST_SWITCHES2"] = words

    def switches_tls(self):
        directory = self.cert_directory()
        words = self.spawn_python("switches-tls", "registry.py",
                                  "--cert", os.path.join(directory, "server.pem"),
                                  "--key", os.path.join(directory, "server.key"))
        first, second = "OCI_TEST_SWITCHES_TLS", "OCI_TEST_SWITCHES_TLS2"
        self.environment[first], self.environment[second] = words

    def faults(self):
        self.environment["OCI_TEST_FAULTS"], = self.spawn_python("faults", "fault_proxy.py")

    # ---- nginx

    NGINX_CONF = """\
daemon off;
{user}
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log error;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {dir}/nginx-body;
    proxy_temp_path {dir}/nginx-proxy;
    fastcgi_temp_path {dir}/nginx-fastcgi;
    uwsgi_temp_path {dir}/nginx-uwsgi;
    scgi_temp_path {dir}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        root {root};
    }}
}}
"""

    def static(self):
        binary = program("nginx")
        if not binary:
            return
        self.environment["OCI_TEST_NGINX"] = binary
        root, port = self.make_directory("static"), free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        conf = self.write("nginx.conf", self.NGINX_CONF.format(
            dir=self.directory, root=root, port=port, user=user))
        error_log = os.path.join(self.directory, "nginx-error.log")
        argv = [binary, "-p", self.directory, "-e", error_log, "-c", conf]
        self.waiting.append((self.spawn("nginx", argv), port))
        self.environment["OCI_TEST_STATIC"] = "127.0.0.1:%d" % port
        self.environment["OCI_TEST_STATIC_ROOT"] = root

    # ---- all of it

    def find_programs(self):
        for name in ("oras", "crane", "helm", "opa", "conftest", "siftool"):
            if peer(name):
                self.environment["OCI_TEST_" + name.upper()] = peer(name)
        for name in ("skopeo", "podman"):
            if program(name):
                self.environment["OCI_TEST_" + name.upper()] = program(name)

    def start_all(self):
        self.find_programs()
        for start in (self.registry, self.registry_tls, self.registry_htpasswd, self.registry3,
                      self.registry_token, self.static, self.switches, self.switches_tls,
                      self.faults):
            start()
        self.wait()
