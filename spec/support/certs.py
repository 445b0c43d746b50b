"""Certificates for the tests, made by openssl when they start and never kept.

In the directory: ca.pem and ca.key, other-ca.pem (a CA that signed nothing), server.pem/.key for
127.0.0.1 and localhost, wrongname.pem/.key, expired.pem/.key, token.pem/.key (signs tokens).
"""
import os
import subprocess

SERVER_NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost"
WRONG_NAMES = "subjectAltName=DNS:registry.example"


def openssl(directory, *args):
    done = subprocess.run(["openssl", *args], cwd=directory, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (args[0], done.stderr.strip()))


def key_args(name, kind):
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    return ["-nodes", "-keyout", name + ".key", *(curve if kind == "ec" else ["-newkey", kind])]


def self_signed(directory, name, subject, kind="ec"):
    openssl(directory, "req", "-x509", "-batch", *key_args(name, kind), "-out", name + ".pem",
            "-days", "2", "-subj", "/CN=" + subject)


def signed(directory, name, alt_names, days):
    openssl(directory, "req", "-batch", *key_args(name, "ec"), "-out", name + ".csr",
            "-subj", "/CN=" + name)
    with open(os.path.join(directory, name + ".ext"), "w", encoding="ascii") as file:
        file.write(alt_names + "\n")
    openssl(directory, "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", str(days), "-extfile", name + ".ext", "-out", name + ".pem")


def make(directory):
    os.makedirs(directory, exist_ok=True)
    self_signed(directory, "ca", "lua-oci test CA")
    self_signed(directory, "other-ca", "lua-oci other CA")
    self_signed(directory, "token", "lua-oci test token signer", "rsa:2048")
    signed(directory, "server", SERVER_NAMES, 2)
    signed(directory, "wrongname", WRONG_NAMES, 2)
    signed(directory, "expired", SERVER_NAMES, -1)
    return directory
