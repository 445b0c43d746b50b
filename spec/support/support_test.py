#!/usr/bin/env python3
"""Tests of the test servers: a wrong registry here would make wrong clients look right."""
import http.client
import json
import unittest
import urllib.parse

import registry
from reg_store import digest_of

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Base(unittest.TestCase):
    def setUp(self):
        self.server = registry.TestRegistry().start()
        self.addCleanup(self.server.stop)

    def ask(self, method, path, body=b"", headers=None, address=None):
        connection = http.client.HTTPConnection(address or self.server.address, timeout=5)
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers

    def control(self, path, value):
        status, body, _ = self.ask("POST", path, json.dumps(value))
        self.assertEqual(status, 200, body)

    def rule(self, **rule):
        self.control("/_switch", {"rules": [rule]})

    def push_blob(self, name, data, algorithm="sha256"):
        digest = digest_of(data, algorithm)
        status, _, headers = self.ask("POST", "/v2/%s/blobs/uploads/" % name)
        self.assertEqual(status, 202)
        status, _, headers = self.ask("PUT", headers["Location"] + "&digest=" + digest, data)
        self.assertEqual((status, headers["Docker-Content-Digest"]), (201, digest))
        return digest

    def push_manifest(self, name, tag, value):
        data = json.dumps(value).encode()
        path = "/v2/%s/manifests/%s" % (name, tag)
        status, body, _ = self.ask("PUT", path, data, {"Content-Type": MANIFEST})
        return status, digest_of(data), body

    @staticmethod
    def manifest(config, **more):
        return {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
                "config": {"mediaType": "application/x.test", "digest": config, "size": 2}, **more}


class Specification(Base):
    def test_blobs_in_ranges(self):
        for algorithm in ("sha256", "sha512"):
            path = "/v2/a/b/blobs/" + self.push_blob("a/b", b"0123456789", algorithm)
            self.assertEqual(self.ask("GET", path)[1], b"0123456789")
            status, body, headers = self.ask("GET", path, headers={"Range": "bytes=3-5"})
            self.assertEqual((status, body), (206, b"345"))
            self.assertEqual(headers["Content-Range"], "bytes 3-5/10")
            self.assertEqual(self.ask("GET", path, headers={"Range": "bytes=10-"})[0], 416)
            status, body, headers = self.ask("HEAD", path)
            self.assertEqual((status, body, headers["Content-Length"]), (200, b"", "10"))

    def test_a_chunked_upload(self):
        _, _, headers = self.ask("POST", "/v2/a/blobs/uploads/")
        place = headers["Location"]
        status, _, headers = self.ask("PATCH", place, b"abc", {"Content-Range": "0-2"})
        self.assertEqual((status, headers["Range"]), (202, "0-2"))
        status, _, headers = self.ask("PATCH", place, b"abc", {"Content-Range": "5-7"})
        self.assertEqual((status, headers["Range"]), (416, "0-2"))
        self.assertEqual(self.ask("GET", place)[0], 204)
        bad = self.ask("PUT", place + "&digest=" + digest_of(b"x"))
        self.assertEqual((bad[0], json.loads(bad[1])["errors"][0]["code"]), (400, "DIGEST_INVALID"))
        self.assertEqual(self.ask("GET", place)[0], 404)

    def test_mount_and_monolithic_post(self):
        digest = digest_of(b"x")
        self.assertEqual(self.ask("POST", "/v2/a/blobs/uploads/?digest=" + digest, b"x")[0], 201)
        mount = "/v2/b/blobs/uploads/?mount=%s&from=" % digest
        self.assertEqual(self.ask("POST", mount + "nowhere")[0], 202)
        self.assertEqual(self.ask("POST", mount + "a")[0], 201)
        self.assertEqual(self.ask("HEAD", "/v2/b/blobs/" + digest)[0], 200)

    def test_a_manifest_needs_its_blobs(self):
        status, _, body = self.push_manifest("a", "1", self.manifest(digest_of(b"{}")))
        self.assertEqual((status, json.loads(body)["errors"][0]["code"]),
                         (400, "MANIFEST_BLOB_UNKNOWN"))
        config = self.push_blob("a", b"{}")
        status, digest, _ = self.push_manifest("a", "1", self.manifest(config))
        self.assertEqual(status, 201)
        status, _, headers = self.ask("GET", "/v2/a/manifests/1")
        self.assertEqual((headers["Content-Type"], headers["Docker-Content-Digest"]),
                         (MANIFEST, digest))
        self.assertEqual(self.ask("DELETE", "/v2/a/manifests/1")[0], 202)
        self.assertEqual(self.ask("GET", "/v2/a/manifests/1")[0], 404)
        self.assertEqual(self.ask("GET", "/v2/a/manifests/" + digest)[0], 200)

    def test_pages_of_tags(self):
        config = self.push_blob("a", b"{}")
        for tag in ("c", "a", "b"):
            self.push_manifest("a", tag, self.manifest(config))
        _, body, headers = self.ask("GET", "/v2/a/tags/list?n=2")
        self.assertEqual(json.loads(body)["tags"], ["a", "b"])
        path = headers["Link"].split(">")[0][1:]
        _, body, headers = self.ask("GET", path)
        self.assertEqual((json.loads(body)["tags"], headers["Link"]), (["c"], None))

    def test_referrers_and_their_filter(self):
        config = self.push_blob("a", b"{}")
        _, subject, _ = self.push_manifest("a", "1", self.manifest(config))
        about = {"digest": subject, "size": 1, "mediaType": MANIFEST}
        for kind in ("x/one", "x/two"):
            self.push_manifest("a", kind[2:], self.manifest(config, artifactType=kind, subject=about))
        path = "/v2/a/referrers/" + subject
        self.assertEqual(len(json.loads(self.ask("GET", path)[1])["manifests"]), 2)
        _, body, headers = self.ask("GET", path + "?artifactType=" + urllib.parse.quote("x/one"))
        self.assertEqual([m["artifactType"] for m in json.loads(body)["manifests"]], ["x/one"])
        self.assertEqual(headers["OCI-Filters-Applied"], "artifactType")


class Switches(Base):
    def test_skip_and_times(self):
        self.rule(path="^/v2/$", skip=1, times=2, action={"status": 503, "headers": {"X": "1"}})
        self.assertEqual([self.ask("GET", "/v2/")[0] for _ in range(4)], [200, 503, 503, 200])
        log = json.loads(self.ask("GET", "/_log")[1])
        self.assertEqual([e["rule"] for e in log], [False, True, True, False])

    def test_cut_and_reset(self):
        path = "/v2/a/blobs/" + self.push_blob("a", b"0123456789")
        self.rule(path="/blobs/", action={"cut": 4})
        with self.assertRaises(http.client.IncompleteRead) as caught:
            self.ask("GET", path)
        self.assertEqual(caught.exception.partial, b"0123")
        self.rule(path="/blobs/", action={"reset": True})
        self.assertRaises(ConnectionResetError, self.ask, "GET", path)

    def test_changed_bodies(self):
        path = "/v2/a/blobs/" + self.push_blob("a", b"0123456789")
        for action, body in (({"flip": 1}, b"0023456789"), ({"truncate": 2}, b"01"),
                             ({"extend": 2}, b"0123456789xx"), ({"chunked": True}, b"0123456789"),
                             ({"no_content_length": True}, b"0123456789")):
            self.rule(path="/blobs/", action=action)
            self.assertEqual(self.ask("GET", path)[1], body)

    def test_redirect_shows_what_arrives_elsewhere(self):
        path = "/v2/a/blobs/" + self.push_blob("a", b"x")
        self.rule(path="/blobs/", origin="main",
                  action={"redirect": {"location": "{scheme}://{other}{path}"}})
        status, _, headers = self.ask("GET", path)
        self.assertEqual(status, 307)
        place = urllib.parse.urlsplit(headers["Location"])
        body = self.ask("GET", place.path, address=place.netloc, headers={"Authorization": "x"})[1]
        self.assertEqual(body, b"x")
        last = json.loads(self.ask("GET", "/_log")[1])[-1]
        self.assertEqual((last["origin"], last["headers"]["authorization"]), ("second", "x"))

    def test_a_wrong_rule_is_refused(self):
        status, _, _ = self.ask("POST", "/_switch", '{"rules": [{"action": {"cutt": 1}}]}')
        self.assertEqual(status, 400)


class Authentication(Base):
    def test_bearer(self):
        self.control("/_auth", {"mode": "bearer", "anonymous": ["open/.*"]})
        status, _, headers = self.ask("GET", "/v2/open/x/tags/list")
        self.assertEqual(status, 401)
        self.assertIn('scope="repository:open/x:pull"', headers["WWW-Authenticate"])
        token = json.loads(self.ask("GET", "/_token?scope=repository:open/x:pull,push")[1])["token"]
        bearer = {"Authorization": "Bearer " + token}
        self.assertEqual(self.ask("GET", "/v2/open/x/tags/list", headers=bearer)[0], 404)
        status, _, headers = self.ask("POST", "/v2/open/x/blobs/uploads/", headers=bearer)
        self.assertEqual(status, 401)
        self.assertIn('error="insufficient_scope"', headers["WWW-Authenticate"])
        self.control("/_revoke", {})
        self.assertEqual(self.ask("GET", "/v2/open/x/tags/list", headers=bearer)[0], 401)

    def test_oauth_post(self):
        self.control("/_auth", {"mode": "bearer", "refresh_tokens": {"r1": "alice"}})
        form = "grant_type=refresh_token&refresh_token=%s&service=s&client_id=c&scope="
        self.assertEqual(self.ask("POST", "/_token", form % "r1")[0], 200)
        self.assertEqual(self.ask("POST", "/_token", form % "r2")[0], 401)


if __name__ == "__main__":
    unittest.main()
