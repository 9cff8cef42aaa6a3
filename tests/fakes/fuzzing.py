"""Requests that an OpenAPI document allows, and many that it does not; the same for each seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

_WORDS = (
    "", "a", "default", "none", "Always", "Halted", "true", "0", "-1", "1Gi", "10m", "x" * 300,
    "ä\u2028\U0001f600", "..", "a/b", "%00", "\x00", "{}", "[]", "null", "2026-01-01T00:00:00Z",
    "02:00:00:00:00:01", "10.0.0.0/8", "fd00::1", "AAAA", "1e999", "containerdisk",
    "kubevirt.io/v1",
)  # fmt: skip
_NUMBERS = (0, 1, -1, 2, 63, 65536, 2**31, 2**63 - 1, 2**64, -(2**63), 1.5, 1e300)
_QUERIES: dict[str, tuple[str, ...]] = {
    "limit": ("0", "1", "-1", "x", "99999999999999999999"),
    "continue": ("x", "eyJ2IjoidjEifQ", "e30", "%%%", "bnVsbA"),
    "resourceVersion": ("0", "1", "x", "-1", "99999999999999999999", "1.5"),
    "resourceVersionMatch": ("Exact", "NotOlderThan", "x"),
    "labelSelector": ("a=b", "a in (b,c)", "!a", "a,,b", "a in (", "=", "a==b,c!=d", "a notin ()"),
    "fieldSelector": ("metadata.name=a", "spec.x=1", "x", "=", "metadata.namespace!=default", ",,"),
    "timeoutSeconds": ("0", "1", "x", "-1"),
    "watch": ("true", "0", "x"),
    "sendInitialEvents": ("true", "false"),
    "allowWatchBookmarks": ("true",),
    "dryRun": ("All", "x", ""),
    "fieldManager": ("me", "x" * 200, "\n"),
    "fieldValidation": ("Strict", "Warn", "Ignore", "x"),
    "force": ("true", "x"),
    "propagationPolicy": ("Foreground", "Background", "Orphan", "x"),
    "gracePeriodSeconds": ("0", "-1", "x", "99999999999999999999"),
    "pretty": ("true",),
    "includeObject": ("Object", "None", "x"),
    "preserveSession": ("true",),
    "container": ("compute", "x"),
    "tailLines": ("1", "-1", "x"),
    "follow": ("false", "x"),
}
_ACCEPTS = (
    "application/json", "*/*", "", "application/yaml", "text/html", "application/json;as=Table",
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    "application/vnd.kubernetes.protobuf", ";;;,,,=", "application/json;as=Table;v=v9;g=x",
)  # fmt: skip
_MEDIA = (
    "application/json", "application/yaml", "application/merge-patch+json", "text/plain", "",
    "application/json-patch+json", "application/strategic-merge-patch+json",
    "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "application/x-yaml",
)  # fmt: skip
_BAD = (
    b"", b"{", b"null", b"[]", b"1", b'"x"', b"{}", b"\xff\xfe", b"k8s\x00", b"k8s\x00\x0a\xff\xff",
    b"a: &a [*a]", b"? {}\n: x", b"!!python/object:os.system x", b"[" * 5000, b'{"a":' * 3000,
    b'{"metadata":null}', b'{"kind":[],"apiVersion":{}}', b'{"metadata":{"name":{}}}',
    b'{"a":1,"a":2}', b"1e999", b"--- \n---\n", b'{"apiVersion":"v1","kind":"Status"}',
    b"k8s\x00" * 9, b"a: &a [x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]",
    b'[{"op":"add","path":"/spec/x","value":1}]', b'[{"op":"test","path":"","value":{}}]',
    b'[{"op":"move","from":"/spec","path":"/spec/a"}]', b'[{"op":"remove","path":"/metadata"}]',
    b'[{"op":"replace","path":"/metadata/labels/-","value":null}]', b'[{"op":"copy"}]', b'[1]',
    b'{"a":' * 900 + b"1" + b"}" * 900, b"[" * 900 + b"]" * 900, b'{"' + b"k" * 99999 + b'":1}',
    b'{"metadata":{"name":"\\ud800"}}', b'{"a":NaN}', b'{"a":' + b"9" * 999 + b"}",
    b"\xef\xbb\xbf{}",
    b'{"metadata":{"labels":{"a":1,"a":[]}}}', b'{"a":-0.0e-999}', b"\x1f\x8b\x08" + b"x" * 99,
    b"%YAML 1.1\n---\na: .nan\nb: 0o7\nc: 2026-01-01\n? [1]\n: x\n", b'{"spec":1e400}',
    b'{"metadata":{"annotations":{"x":"' + b"y" * 300000 + b'"}}}',
    b"[" + b",".join(b'{"op":"copy","from":"","path":"/a%d"}' % one for one in range(40)) + b"]",
)  # fmt: skip
_HEADERS: dict[str, tuple[str, ...]] = {
    "authorization": ("Bearer x", "Bearer", "bearer a.b.c", "Basic eA==", "x", "Bearer xxx x"),
    "impersonate-user": (
        "joe", "system:serviceaccount:default:x", "system:serviceaccount:a", "system:node:n",
        "system:anonymous", "", "x" * 999,
    ),
    "impersonate-group": ("a", "system:masters", "", "system:unauthenticated"),
    "impersonate-uid": ("7", ""),
    "impersonate-extra-a": ("b", ""),
    "impersonate-extra-%zz": ("b",),
    "impersonate-extra-": ("b",),
    "accept-encoding": ("gzip", "br;q=0", "x"),
    "content-encoding": ("gzip", "x"),
    "if-none-match": ("*", '"x"'),
    "if-match": ('"1"',),
    "range": ("bytes=0-1",),
    "upgrade": ("websocket", "SPDY/3.1", "h2c"),
    "connection": ("upgrade", "close"),
    "user-agent": ("", "x" * 999, "a/b/c"),
    "x-remote-user": ("root",),
    "expect": ("100-continue",),
}  # fmt: skip
_METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "PUT",
    "PATCH",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
)


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.headers} {self.body[:2000]!r}"


@dataclass
class Fuzzer:
    """Makes requests to the paths of OpenAPI v3 ``documents``."""

    documents: list[dict]
    seed: int
    more_paths: tuple[str, ...] = ()
    _chance: random.Random = field(init=False)
    _operations: list[tuple[str, dict, dict]] = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._operations = [
            (path, item, document["components"]["schemas"])
            for document in self.documents
            for path, item in sorted(document["paths"].items())
        ]
        self._operations += [(path, {}, {}) for path in self.more_paths]

    def ask(self) -> Asked:
        """The next request."""
        chance = self._chance
        path, item, schemas = chance.choice(self._operations)
        method = chance.choice(_METHODS)
        headers = {}
        if chance.random() < 0.3:
            headers["accept"] = chance.choice(_ACCEPTS)
        if chance.random() < 0.1:
            for name in chance.sample(sorted(_HEADERS), chance.randint(1, 3)):
                headers[name] = chance.choice(_HEADERS[name])
        body = b""
        if method in {"POST", "PUT", "PATCH", "DELETE"}:
            media = self._media(method)
            if media:
                headers["content-type"] = media
            body = self._body(method, media, item, schemas)
        return Asked(method, self._path(path) + self._query(), headers, body)

    def _media(self, method: str) -> str:
        if self._chance.random() < 0.1:
            return self._chance.choice(_MEDIA)
        if method == "PATCH":
            return self._chance.choice([each for each in _MEDIA if "patch" in each])
        return "application/json"

    def _path(self, path: str) -> str:
        for name in ("namespace", "name"):
            common = {"namespace": ("default", "other"), "name": ("a", "b", "c")}[name]
            value = self._chance.choice(common)
            if self._chance.random() < 0.1:
                value = quote(self._chance.choice(_WORDS), safe="%")
            path = path.replace("{%s}" % name, value)  # noqa: UP031 - braces
        return path

    def _query(self) -> str:
        if self._chance.random() < 0.5:
            return ""
        names = self._chance.sample(sorted(_QUERIES), self._chance.randint(1, 4))
        pairs = [f"{name}={quote(self._chance.choice(_QUERIES[name]))}" for name in names]
        return "?" + "&".join(pairs)

    def _body(self, method: str, media: str, item: dict, schemas: dict) -> bytes:
        chance = self._chance
        if chance.random() < 0.15:
            return chance.choice(_BAD)
        if "json-patch" in media:
            return json.dumps([self._operation() for _ in range(chance.randint(0, 3))]).encode()
        if method == "DELETE":
            value = self._made(_DELETE, {}, 4)
        else:
            value = self._made(self._schema(item, schemas), schemas, 7)
            self._identify(value, item)
        body = json.dumps(value).encode("utf-8", "replace")
        if chance.random() < 0.05:
            at = chance.randrange(len(body) + 1)
            body = body[:at] + chance.choice((b"", b"\x00", b"}", b'"', b"\xff")) + body[at + 1 :]
        return body

    def _schema(self, item: dict, schemas: dict) -> dict:
        if not item:
            return self._chance.choice(_UNNAMED)
        for operation in item.values():
            if isinstance(operation, dict) and "x-kubernetes-group-version-kind" in operation:
                asked = operation["x-kubernetes-group-version-kind"]
                for schema in schemas.values():
                    if asked in schema.get("x-kubernetes-group-version-kind", ()):
                        return schema
        return self._chance.choice(list(schemas.values())) if schemas else {}

    def _identify(self, value: object, item: dict) -> None:
        """Mostly make the object one that is taken."""
        if not isinstance(value, dict) or self._chance.random() < 0.1:
            return
        for operation in item.values():
            if isinstance(operation, dict) and "x-kubernetes-group-version-kind" in operation:
                named = operation["x-kubernetes-group-version-kind"]
                group = f"{named['group']}/" if named["group"] else ""
                value |= {"apiVersion": group + named["version"], "kind": named["kind"]}
        metadata = value.get("metadata")
        if not isinstance(metadata, dict) or self._chance.random() < 0.7:
            metadata = {}
        value["metadata"] = {**metadata, "name": self._chance.choice("abc")}

    def _operation(self) -> dict:
        places = (
            "/metadata/labels",
            "/spec",
            "/spec/template",
            "/status",
            "",
            "/a/0",
            "/metadata/~2",
        )
        return {
            "op": self._chance.choice(("add", "remove", "replace", "move", "copy", "test", "x")),
            "path": self._chance.choice(places),
            "from": self._chance.choice(places),
            "value": self._any(2),
        }

    def _made(self, schema: dict, schemas: dict, depth: int) -> object:
        chance = self._chance
        if chance.random() < 0.03 or depth == 0:
            return self._any(2)
        for part in (*schema.get("allOf", ()), schema):
            if "$ref" in part:
                return self._made(schemas[part["$ref"].rpartition("/")[2]], schemas, depth)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        type_ = schema.get("type")
        if "properties" in schema:
            names = [
                name
                for name in schema["properties"]
                if name in schema.get("required", ()) or chance.random() < 2 / (8 - depth + 4)
            ]
            return {
                name: self._made(schema["properties"][name], schemas, depth - 1) for name in names
            }
        if type_ == "array":
            count = chance.choice((0, 1, 1, 2))
            return [self._made(schema.get("items", {}), schemas, depth - 1) for _ in range(count)]
        if type_ == "object":
            inner = schema.get("additionalProperties")
            inner = inner if isinstance(inner, dict) else {}
            return {chance.choice(_WORDS): self._made(inner, schemas, depth - 1)}
        return self._scalar(type_)

    def _scalar(self, type_: str | None) -> object:
        if type_ in {"integer", "number"}:
            return self._chance.choice(_NUMBERS)
        if type_ == "boolean":
            return self._chance.random() < 0.5
        if type_ == "string":
            return self._chance.choice(_WORDS)
        return self._any(2)

    def _any(self, depth: int) -> object:
        chance = self._chance
        kind = chance.randrange(7 if depth else 5)
        if kind < 3:
            return (None, chance.choice(_WORDS), chance.choice(_NUMBERS))[kind]
        if kind < 5:
            return kind == 3
        if kind == 5:
            return [self._any(depth - 1) for _ in range(chance.randint(0, 3))]
        return {chance.choice(_WORDS): self._any(depth - 1) for _ in range(chance.randint(0, 3))}


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_SELECTOR = {
    "properties": {
        "rawSelector": _TEXT,
        "requirements": {
            "type": "array",
            "items": {"properties": {"key": _TEXT, "operator": _TEXT, "values": _TEXTS}},
        },
    }
}
_RESOURCE = {
    "properties": {
        **dict.fromkeys(
            ("namespace", "verb", "group", "version", "resource", "subresource", "name"), _TEXT
        ),
        "fieldSelector": _SELECTOR,
        "labelSelector": _SELECTOR,
    }
}
_REVIEW = {
    "properties": {
        "resourceAttributes": _RESOURCE,
        "nonResourceAttributes": {"properties": {"path": _TEXT, "verb": _TEXT}},
        "user": _TEXT,
        "groups": _TEXTS,
        "namespace": _TEXT,
        "token": _TEXT,
        "audiences": _TEXTS,
        "expirationSeconds": {"type": "integer"},
        "boundObjectRef": {
            "properties": {
                "kind": {"enum": ["Pod", "Secret", "Node", "x"]},
                "apiVersion": _TEXT,
                "name": {"enum": ["a", "b"]},
                "uid": _TEXT,
            }
        },
    }
}
_UNNAMED: tuple[dict, ...] = (
    {},
    {"properties": {"spec": _REVIEW, "metadata": {}}, "required": ["spec"]},
)
"""What is sent to paths of which no document tells: verbs, reviews and token requests."""

_DELETE = {
    "properties": {
        "gracePeriodSeconds": {"type": "integer"},
        "propagationPolicy": {"enum": ["Foreground", "Background", "Orphan", "x"]},
        "dryRun": {"type": "array", "items": {"type": "string"}},
        "preconditions": {"properties": {"uid": {"type": "string"}, "x": {}}},
        "orphanDependents": {"type": "boolean"},
    }
}


async def documents_of(client) -> list[dict]:
    """All OpenAPI v3 documents of a server."""
    index = (await client.get("/openapi/v3")).json()
    return [
        msgspec.json.decode((await client.get(each["serverRelativeURL"])).content)
        for each in index["paths"].values()
    ]
