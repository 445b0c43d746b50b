"""What the test registry holds: blobs, manifests, tags and upload sessions, all in memory.

Nothing here knows HTTP. A refusal is a RegistryError with the code and status that the
distribution specification gives it.
"""
import hashlib
import json
import re
import threading
import uuid

NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
HEX_LENGTH = {"sha256": 64, "sha512": 128}

INDEX = "application/vnd.oci.image.index.v1+json"
INDEX_TYPES = (INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")


class RegistryError(Exception):
    """An error answer: status, the specification's code, and headers to go with it."""

    def __init__(self, status, code, message="", headers=()):
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code.lower().replace("_", " ")
        self.headers = list(headers)


def digest_of(data, algorithm="sha256"):
    return algorithm + ":" + hashlib.new(algorithm, data).hexdigest()


def check_digest(text):
    """The algorithm of a digest that this registry can verify."""
    algorithm, _, hexpart = text.partition(":")
    if not re.fullmatch(r"[0-9a-f]{%d}" % HEX_LENGTH.get(algorithm, 0), hexpart) or not hexpart:
        raise RegistryError(400, "DIGEST_INVALID", "not a sha256 or sha512 digest: " + text)
    return algorithm


def parse_object(data):
    try:
        value = json.loads(data)
    except ValueError as error:
        raise RegistryError(400, "MANIFEST_INVALID", "not JSON: %s" % error) from None
    if not isinstance(value, dict):
        raise RegistryError(400, "MANIFEST_INVALID", "not a JSON object")
    return value


class Manifest:
    def __init__(self, data, media_type):
        self.data = data
        self.media_type = media_type
        self.value = parse_object(data)

    def subject(self):
        subject = self.value.get("subject")
        return subject.get("digest") if isinstance(subject, dict) else None

    def is_index(self):
        return self.media_type in INDEX_TYPES or "manifests" in self.value

    def wanted(self):
        """Descriptors of what has to be there before this manifest is taken."""
        if self.is_index():
            return self.value.get("manifests") or []
        config = self.value.get("config")
        layers = self.value.get("layers") or self.value.get("blobs") or []
        return ([config] if config else []) + [d for d in layers if not d.get("urls")]

    def referrer_descriptor(self, digest):
        """How the referrers API lists this manifest."""
        config = self.value.get("config") or {}
        kind = self.value.get("artifactType")
        if not kind and not self.is_index():
            kind = config.get("mediaType")
        out = {"mediaType": self.media_type, "digest": digest, "size": len(self.data)}
        if kind:
            out["artifactType"] = kind
        if self.value.get("annotations"):
            out["annotations"] = self.value["annotations"]
        return out


class Repository:
    def __init__(self):
        self.blobs = {}
        self.manifests = {}
        self.tags = {}
        self.uploads = {}


class Store:
    """All repositories. Every method takes the one lock; bodies are immutable bytes."""

    def __init__(self):
        self.lock = threading.RLock()
        self.repositories = {}

    def clear(self):
        with self.lock:
            self.repositories.clear()

    def find(self, name):
        """A repository, or None. The name is checked."""
        if not NAME.fullmatch(name) or len(name) > 255:
            raise RegistryError(400, "NAME_INVALID", "bad repository name: " + name)
        with self.lock:
            return self.repositories.get(name)

    def get(self, name):
        found = self.find(name)
        if found is None:
            raise RegistryError(404, "NAME_UNKNOWN", "no such repository: " + name)
        return found

    def make(self, name):
        self.find(name)
        with self.lock:
            return self.repositories.setdefault(name, Repository())

    def names(self):
        """Those that hold something: an upload session alone makes no repository."""
        with self.lock:
            return sorted(n for n, r in self.repositories.items() if r.blobs or r.manifests)

    # ---- blobs and uploads

    def blob(self, name, digest):
        check_digest(digest)
        repository = self.find(name)
        data = repository.blobs.get(digest) if repository else None
        if data is None:
            raise RegistryError(404, "BLOB_UNKNOWN", "no such blob: " + digest)
        return data

    def put_blob(self, name, digest, data):
        if digest_of(data, check_digest(digest)) != digest:
            raise RegistryError(400, "DIGEST_INVALID", "content does not match " + digest)
        with self.lock:
            self.make(name).blobs[digest] = bytes(data)

    def delete_blob(self, name, digest):
        self.blob(name, digest)
        with self.lock:
            del self.get(name).blobs[digest]

    def mount(self, name, digest, source):
        """True if `source` has the blob, and now `name` has it too."""
        origin = self.find(source)
        if origin is None or digest not in origin.blobs:
            return False
        with self.lock:
            self.make(name).blobs[digest] = origin.blobs[digest]
        return True

    def start_upload(self, name):
        ident = str(uuid.uuid4())
        with self.lock:
            self.make(name).uploads[ident] = bytearray()
        return ident

    def upload(self, name, ident):
        repository = self.find(name)
        data = repository.uploads.get(ident) if repository else None
        if data is None:
            raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "no such upload")
        return data

    def end_upload(self, name, ident):
        with self.lock:
            return bytes(self.get(name).uploads.pop(ident, b""))

    # ---- manifests and tags

    def manifest(self, name, reference):
        """The manifest and its digest, by tag or digest."""
        repository = self.find(name)
        if repository is None:
            raise RegistryError(404, "NAME_UNKNOWN", "no such repository: " + name)
        with self.lock:
            digest = repository.tags.get(reference, reference)
            found = repository.manifests.get(digest)
        if found is None:
            raise RegistryError(404, "MANIFEST_UNKNOWN", "no such manifest: " + reference)
        return found, digest

    def put_manifest(self, name, reference, data, media_type, check_blobs=True):
        """Stores it, gives its digest."""
        manifest = Manifest(data, media_type)
        declared = manifest.value.get("mediaType")
        if declared and declared != media_type:
            raise RegistryError(400, "MANIFEST_INVALID", "mediaType is not the Content-Type")
        if ":" in reference:
            digest = reference
            if digest_of(data, check_digest(digest)) != digest:
                raise RegistryError(400, "DIGEST_INVALID", "manifest does not match " + digest)
        elif TAG.fullmatch(reference):
            digest = digest_of(data)
        else:
            raise RegistryError(400, "TAG_INVALID", "bad tag: " + reference)
        with self.lock:
            repository = self.make(name)
            if check_blobs:
                self.check_wanted(repository, manifest)
            repository.manifests[digest] = manifest
            if ":" not in reference:
                repository.tags[reference] = digest
        return digest, manifest

    @staticmethod
    def check_wanted(repository, manifest):
        held = repository.manifests if manifest.is_index() else repository.blobs
        for descriptor in manifest.wanted():
            digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
            if digest not in held:
                raise RegistryError(400, "MANIFEST_BLOB_UNKNOWN", "not here: %s" % digest)

    def delete_manifest(self, name, reference):
        """By digest: it and all its tags. By tag: the tag."""
        _, digest = self.manifest(name, reference)
        with self.lock:
            repository = self.get(name)
            if ":" not in reference:
                del repository.tags[reference]
                return
            del repository.manifests[digest]
            repository.tags = {t: d for t, d in repository.tags.items() if d != digest}

    def tags(self, name):
        with self.lock:
            return sorted(self.get(name).tags)

    def referrers(self, name, digest):
        check_digest(digest)
        repository = self.find(name)
        if repository is None:
            return []
        with self.lock:
            return [m.referrer_descriptor(d) for d, m in repository.manifests.items()
                    if m.subject() == digest]
