"""What is moved, by whom and how: the rows and columns of the comparison."""
import os
import shutil

MIB = 1 << 20

# name: (number of files, bytes of each, rounds)
JOBS = {
    "1k": (1, 1024, 5),
    "100x1m": (100, MIB, 5),
    "100m": (1, 100 * MIB, 5),
    "1g": (1, 1024 * MIB, 5),
    "1000x4k": (1000, 4096, 5),
}
OPERATIONS = ("push files", "pull files", "push layout", "pull layout")
SLOW_ROUNDS = 2  # for a peer that needs more than SLOW_SECONDS in its first round
SLOW_SECONDS = 12.0


def make_files(directory, job):
    """Random bytes, written once and then page-cached."""
    count, size, _ = JOBS[job]
    os.makedirs(directory, exist_ok=True)
    names = []
    for i in range(count):
        name = "f%04d" % i
        names.append(name)
        with open(os.path.join(directory, name), "wb") as out:
            left = size
            while left:
                block = os.urandom(min(left, 4 * MIB))
                out.write(block)
                left -= len(block)
    return names


class Client:
    """One program: a command for each operation it can do (None: it cannot)."""

    name = ""

    def before(self):
        """Forgets what the program remembers between runs."""

    def push_files(self, ref, files):
        return None

    def pull_files(self, ref, directory):
        return None

    def push_layout(self, layout, ref):
        return None

    def pull_layout(self, ref, layout):
        return None


class Ours(Client):
    name = "lua-oci"

    def __init__(self, lua, scripts):
        self.lua, self.scripts = lua, scripts

    def script(self, name, *args):
        return [self.lua, os.path.join(self.scripts, name), *args]

    def push_files(self, ref, files):
        return self.script("push.lua", ref, *files)

    def pull_files(self, ref, directory):
        return self.script("pull.lua", ref, directory)

    def push_layout(self, layout, ref):
        return self.script("copy.lua", "oci:" + layout + ":v1", ref)

    def pull_layout(self, ref, layout):
        return self.script("copy.lua", ref, "oci:" + layout + ":v1")


class Oras(Client):
    name = "oras"

    def __init__(self, program):
        self.program = program

    def push_files(self, ref, files):
        return [self.program, "push", "--no-tty", "--plain-http", "--artifact-type", "application/vnd.example.bench.v1", ref,
                *(name + ":application/octet-stream" for name in files)]

    def pull_files(self, ref, directory):
        return [self.program, "pull", "--no-tty", "--plain-http", "-o", directory, ref]

    def push_layout(self, layout, ref):
        return [self.program, "cp", "--no-tty", "--from-oci-layout", "--to-plain-http", layout + ":v1", ref]

    def pull_layout(self, ref, layout):
        return [self.program, "cp", "--no-tty", "--from-plain-http", "--to-oci-layout", ref, layout + ":v1"]


class Crane(Client):
    name = "crane"

    def __init__(self, program):
        self.program = program

    def push_layout(self, layout, ref):
        return [self.program, "push", "--insecure", layout, ref]

    def pull_layout(self, ref, layout):
        return [self.program, "pull", "--insecure", "--format", "oci", ref, layout]


class Skopeo(Client):
    name = "skopeo"
    CACHES = ("/var/lib/containers/cache", os.path.expanduser("~/.local/share/containers/cache"))

    def __init__(self, program):
        self.program = program

    def before(self):
        for cache in self.CACHES:
            shutil.rmtree(cache, ignore_errors=True)

    def push_layout(self, layout, ref):
        return [self.program, "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "oci:" + layout + ":v1",
                "docker://" + ref]

    def pull_layout(self, ref, layout):
        return [self.program, "copy", "-q", "--insecure-policy", "--src-tls-verify=false", "docker://" + ref,
                "oci:" + layout + ":v1"]


def find_clients(lua, scripts, peers):
    """Ours first, then every peer that is there; `peers` is where the Go programs were built."""
    clients = [Ours(lua, scripts)]
    for kind, program in ((Oras, "oras"), (Crane, "crane"), (Skopeo, "skopeo")):
        path = os.path.join(peers, program)
        path = path if os.access(path, os.X_OK) else shutil.which(program)
        if path:
            clients.append(kind(path))
    return clients
