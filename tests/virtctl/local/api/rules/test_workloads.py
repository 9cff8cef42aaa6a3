"""Rules of kinds that make pods."""

import pytest

from tests.fakes.rules import said
from virtctl.local.api.rules.workloads import workload_causes
from virtctl.models import kinds


def template(policy="", image="i", **labels):
    pod = {"containers": [{"name": "c", "image": image}], "restartPolicy": policy}
    return {"metadata": {"labels": labels}, "spec": pod}


def fitting(**parts):
    selector = {"matchLabels": {"a": "b"}}
    return {"spec": {"selector": selector, "template": template(a="b"), **parts}}


def job(policy="Never"):
    return {"spec": {"template": template(policy)}}


def cron(schedule):
    return {"spec": {"schedule": schedule, "jobTemplate": job()}}


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (kinds.DEPLOYMENT, fitting()),
        (kinds.STATEFUL_SET, fitting(template=template("Always", a="b", c="d"))),
        (kinds.JOB, job("OnFailure")),
        (kinds.CRON_JOB, cron("*/5 * * * *")),
        (kinds.CRON_JOB, cron("TZ=UTC 0 0 * * *")),
        (kinds.CRON_JOB, cron("@hourly")),
    ],
)
def test_what_is_good(kind, document):
    assert said(workload_causes(kind, document)) == []


@pytest.mark.parametrize(
    ("kind", "document", "field", "message"),
    [
        (
            kinds.DEPLOYMENT,
            fitting(template=template(a="c")),
            "spec.template.metadata.labels",
            'Invalid value: {"a":"c"}: `selector` does not match template `labels`',
        ),
        (
            kinds.REPLICA_SET,
            fitting(template=template("Never", a="b")),
            "spec.template.spec.restartPolicy",
            'Unsupported value: "Never": supported values: "Always"',
        ),
        (
            kinds.DAEMON_SET,
            fitting(template=template(image="", a="b")),
            "spec.template.spec.containers[0].image",
            "Required value",
        ),
        (kinds.JOB, job("Always"), "spec.template.spec.restartPolicy", "valid values"),
        (kinds.JOB, job("Maybe"), "spec.template.spec.restartPolicy", "Unsupported value"),
        (kinds.CRON_JOB, cron(""), "spec.schedule", "Required value"),
        (kinds.CRON_JOB, cron("* *"), "spec.schedule", "exactly 5 fields, found 2: [* *]"),
        (kinds.CRON_JOB, cron("@soon"), "spec.schedule", "unrecognized descriptor: @soon"),
    ],
)
def test_what_is_refused(kind, document, field, message):
    ((where, text),) = [(cause.field, cause.message) for cause in workload_causes(kind, document)]
    assert where == field
    assert message in text
