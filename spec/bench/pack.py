#!/usr/bin/env python3
"""Packing and unpacking directories, beside tar with gzip -6 and beside oras, all in one run.

    spec/bench/pack.py [--trees small,source] [--mib 1024] [--rounds 3] [--scratch DIR] [--json FILE]

"small" is 10 000 files of source text, "source" a tree of 1 GiB of it: what lies on this machine, in copies that differ.
We and oras push into an image layout, tar writes a file. Files are page-cached, rounds interleaved, every figure is of
whole processes: wall and CPU seconds, peak resident memory of the largest. Medians."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "spec", "support"))
sys.dont_write_bytecode = True

import servers  # noqa: E402

MIB = 1 << 20
SMALL_FILES = 10000
SOURCES = ("/usr/include", "/usr/lib/python3", "/usr/lib/python3.11", "/usr/local/go/src", "/usr/lib/go/src",
           "/usr/share/perl", "/usr/share/lua", ROOT)
SUFFIXES = (".h", ".hpp", ".c", ".py", ".go", ".s", ".lua", ".pm", ".pl", ".txt", ".md")
# To reach: so many times as fast as the faster of the others; not more of gzip -6's size; not more memory (MiB).
FASTER, LARGER, PEAK = 4.0, 1.03, 24.0


def source_files():
    """Paths of all the source text that lies around, in one order."""
    for top in SOURCES:
        for directory, names, files in os.walk(top):
            names[:] = sorted(n for n in names if n not in (".git", "build"))
            for name in sorted(files):
                path = os.path.join(directory, name)
                if name.endswith(SUFFIXES) and os.path.isfile(path) and not os.path.islink(path):
                    yield path


def altered(data, copy):
    """The same text with other letters here and there, so that no copy is like another."""
    if not copy:
        return data
    out = bytearray(data)
    for at in range(copy * 37 % 251, len(out), 251):
        if 97 <= out[at] <= 122:
            out[at] = 97 + (out[at] - 97 + copy) % 26
    return bytes(out)


def make_tree(kind, directory, mib):
    """(files, bytes) written below `directory`."""
    files, size, copy = 0, 0, 0
    while True:
        before = files
        for path in source_files():
            with open(path, "rb") as source:
                data = altered(source.read(), copy)
            if kind == "small" and not 64 <= len(data) <= 16384:
                continue
            to = os.path.join(directory, "copy%d" % copy, path.lstrip("/"))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            with open(to, "wb") as out:
                out.write(data)
            files, size = files + 1, size + len(data)
            if files == SMALL_FILES if kind == "small" else size >= mib * MIB:
                return files, size
        if files == before:
            raise SystemExit("there is no source text on this machine to pack")
        copy += 1


class Bench:
    def __init__(self, scratch):
        self.scratch, self.serial = scratch, 0
        self.measure_program = os.path.join(scratch, "measure")
        subprocess.run(["cc", "-O2", "-static", "-o", self.measure_program, os.path.join(HERE, "measure.c")], check=True)
        self.env = {**os.environ,
                    "LUA_PATH": os.path.join(ROOT, "lua/?.lua") + ";" + os.path.join(ROOT, "lua/?/init.lua") + ";;",
                    "LUA_CPATH": os.path.join(ROOT, "build/lua5.4/?.so") + ";;"}
        oras = os.path.join(servers.peers_directory(), "oras")
        self.oras = oras if os.path.exists(oras) else shutil.which("oras")

    def fresh(self, word):
        self.serial += 1
        return os.path.join(self.scratch, "%s-%d" % (word, self.serial))

    def measure(self, argv, cwd):
        """((wall s, cpu s, peak MiB), what it printed)"""
        figures = self.fresh("figures")
        os.sync()  # what was written before is not written back meanwhile
        done = subprocess.run([self.measure_program, figures, *argv], cwd=cwd, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit("%s: %s" % (" ".join(argv[:3]), done.stderr[-300:].strip()))
        with open(figures, encoding="ascii") as lines:
            wall, user, system, peak, _ = lines.read().split()
        os.unlink(figures)
        return (float(wall), float(user) + float(system), int(peak) / 1024), done.stdout.strip()

    # ---- packing: each gives (figures, path of the archive, what to remove afterwards)

    def pack_ours(self, base, compression):
        layout = self.fresh("layout")
        figures, archive = self.measure(["lua5.4", os.path.join(HERE, "pack_pushed.lua"), layout, "tree", compression], base)
        return figures, archive, layout

    def pack_tar(self, base):
        out = self.fresh("archive")
        figures, _ = self.measure(["sh", "-c", "tar --sort=name -cf - tree | gzip -6 > " + out], base)
        return figures, out, out

    def pack_oras(self, base):
        layout = self.fresh("oras")
        figures, _ = self.measure([self.oras, "push", "--oci-layout", layout + ":v1", "tree"], base)
        blobs = os.path.join(layout, "blobs", "sha256")
        largest = max((os.path.join(blobs, name) for name in os.listdir(blobs)), key=os.path.getsize)
        return figures, largest, layout

    # ---- unpacking

    def unpack_ours(self, layout):
        out = self.fresh("out")
        figures, _ = self.measure(["lua5.4", os.path.join(HERE, "pull.lua"), "oci:" + layout + ":v1", out], self.scratch)
        return figures, out

    def unpack_tar(self, archive):
        out = self.fresh("out")
        os.mkdir(out)
        figures, _ = self.measure(["tar", "xzf", archive, "-C", out], self.scratch)
        return figures, out


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        os.unlink(path)


def summary(figures):
    walls, cpus, peaks = zip(*figures)
    return {"wall": statistics.median(walls), "cpu": statistics.median(cpus), "peak": max(peaks)}


def show(name, result, size=None):
    text = "  %-14s wall %8.3f s  CPU %7.3f s  peak %6.1f MiB" % (name, result["wall"], result["cpu"], result["peak"])
    print(text + ("  %9.3f MiB" % (size / MIB) if size else ""))


def judged(text, good):
    print("  " + text + ("" if good else "  <- falls short"), flush=True)
    return [] if good else [text]


def pack_rows(bench, base, rounds):
    ways = {"lua-oci gzip": lambda: bench.pack_ours(base, "gzip"), "lua-oci zstd": lambda: bench.pack_ours(base, "zstd"),
            "tar | gzip -6": lambda: bench.pack_tar(base)}
    if bench.oras:
        ways["oras push"] = lambda: bench.pack_oras(base)
    runs, sizes = {}, {}
    for number in range(rounds):
        for name, way in list(ways.items()) if number % 2 else reversed(list(ways.items())):
            figures, archive, leftover = way()
            sizes[name] = os.path.getsize(archive)
            runs.setdefault(name, []).append(figures)
            remove(leftover)
    results = {name: summary(runs[name]) for name in ways}
    for name in ways:
        show(name, results[name], sizes[name])
        results[name]["size"] = sizes[name]
    short = []
    others = [name for name in results if not name.startswith("lua-oci")]
    best = min(results[name]["wall"] for name in others)
    for name in ("lua-oci gzip", "lua-oci zstd"):
        ours, larger = results[name], sizes[name] / sizes["tar | gzip -6"]
        cpu = results["tar | gzip -6"]["cpu"] / ours["cpu"]
        short += judged("%s: %.2f times as fast as the faster of the others (goal %.1f; by CPU seconds of both cores %.2f), "
                        "%+.1f %% of size (goal %+.1f), %.1f MiB (goal %.0f)"
                        % (name, best / ours["wall"], FASTER, 2 * cpu, (larger - 1) * 100, (LARGER - 1) * 100, ours["peak"],
                           PEAK),
                        best / ours["wall"] >= FASTER and larger <= LARGER and ours["peak"] <= PEAK)
    return results, short


def unpack_rows(bench, base, rounds):
    """Our archive by us, which also verifies it, and by tar."""
    _, archive, layout = bench.pack_ours(base, "gzip")
    runs = {"lua-oci": [], "tar xzf": []}
    for number in range(rounds):
        order = [("lua-oci", lambda: bench.unpack_ours(layout)), ("tar xzf", lambda: bench.unpack_tar(archive))]
        for name, way in order if number % 2 else reversed(order):
            figures, out = way()
            runs[name].append(figures)
            if number == 0 and subprocess.run(["diff", "-rq", os.path.join(base, "tree"), os.path.join(out, "tree")]).returncode:
                raise SystemExit(name + ": what was unpacked differs")
            remove(out)
    remove(layout)
    results = {name: summary(figures) for name, figures in runs.items()}
    for name, result in results.items():
        show(name, result)
    ours, tar = results["lua-oci"], results["tar xzf"]
    return results, judged("unpacking: %.2f of tar's time (goal 1.0), %.2f of its CPU, %.1f MiB (goal %.0f)"
                           % (ours["wall"] / tar["wall"], ours["cpu"] / tar["cpu"], ours["peak"], PEAK),
                           ours["wall"] <= tar["wall"] and ours["peak"] <= PEAK)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trees", default="small,source")
    parser.add_argument("--mib", type=int, default=1024, help="size of the tree of source text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", help="where the files go; needs 4 GiB for everything")
    parser.add_argument("--json", help="write all figures to this file too")
    options = parser.parse_args()
    everything, short = {}, []
    for kind in options.trees.split(","):
        with tempfile.TemporaryDirectory(prefix="lua-oci-pack-", dir=options.scratch) as scratch:
            bench, base = Bench(scratch), os.path.join(scratch, "base")
            files, size = make_tree(kind, os.path.join(base, "tree"), options.mib)
            print("%d files, %.1f MiB: packing" % (files, size / MIB), flush=True)
            packed, missed = pack_rows(bench, base, options.rounds)
            print("%d files, %.1f MiB: unpacking" % (files, size / MIB), flush=True)
            unpacked, missed_too = unpack_rows(bench, base, options.rounds)
            everything[kind] = {"files": files, "bytes": size, "packing": packed, "unpacking": unpacked}
            short += missed + missed_too
    print("rows that fall short: %d" % len(short))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(everything, out, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
