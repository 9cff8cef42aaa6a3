"""Bodies of reviews: what is no review, and what an answer cannot be."""

import pytest

URL = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
PLAIN = {"spec": {"nonResourceAttributes": {"path": "/x", "verb": "get"}}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "unexpected end of JSON input (<empty>)"),
        (b"{", "unexpected end of JSON input ({)"),
        (b"[]", "cannot unmarshal array into Go value"),
        (
            b'{"kind":"Pod","apiVersion":"authorization.k8s.io/v1"}',
            "converting (v1.Pod) to (authorization.SelfSubjectAccessReview): unknown conversion",
        ),
        (
            b'{"apiVersion":"authorization.k8s.io/v1beta1"}',
            "does not match the expected API version (authorization.k8s.io/v1)",
        ),
    ],
)
async def test_what_is_no_review(client, body, message) -> None:
    answer = await client.post(URL, content=body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_a_field_twice(client) -> None:
    body = b'{"spec":{"nonResourceAttributes":{"path":"/x","path":"/y","verb":"get"}}}'
    answer = await client.post(URL, content=body)
    assert answer.json()["spec"]["nonResourceAttributes"]["path"] == "/y"
    assert "duplicate field" in answer.headers["warning"]
    quiet = await client.post(f"{URL}?fieldValidation=Ignore", content=body)
    assert "warning" not in quiet.headers


@pytest.mark.parametrize(
    ("query", "code"), [("dryRun=All", 201), ("dryRun=x", 422), ("fieldValidation=x", 422)]
)
async def test_options(client, query, code) -> None:
    assert (await client.post(f"{URL}?{query}", json=PLAIN)).status_code == code
