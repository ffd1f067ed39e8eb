"""What the document cannot say of good data: which names are there, and what goes together."""

import atexit
import base64
import collections
import hashlib
import json
import os

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.modes import GenerationMode

# The last ETag of each key and webhook.
STATES = {}
# How often each operation was answered with each status.
ANSWERS = collections.defaultdict(collections.Counter)
ORIGIN = "http://admin.example"

# Of the catalogue and the environments that the tests run with.
API, RESOURCE, ENVIRONMENT = "local", "things", "production"


def is_wrong(case, location=None):
    """Whether it is, or its part, on purpose: then it stays so."""
    if case.meta is None:
        return False
    of = case.meta.components.get(location) if location else case.meta.generation
    return of is not None and of.mode == GenerationMode.NEGATIVE


def has_origin(case):
    return any(parameter.name == "Origin" for parameter in case.operation.headers)


@schemathesis.hook
def before_call(context, case, **_):
    operation = case.operation.definition.raw.get("operationId")
    # What is wrong with content as well is to be found there, and not at the gate.
    at_the_gate = is_wrong(case, ParameterLocation.HEADER) and not is_wrong(case, ParameterLocation.BODY)
    if case.method != "GET" and not (has_origin(case) and at_the_gate):
        case.headers["Origin"] = ORIGIN
    # A field that workerd knows is not there when it is empty.
    if case.headers.get("If-Match") == "":
        case.headers["If-Match"] = "-"
    if is_wrong(case):
        return
    parameters = case.path_parameters or {}
    which = parameters.get("keyId") or parameters.get("id")
    if "If-Match" in case.headers and which in STATES:
        case.headers["If-Match"] = STATES[which]
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = digest(case.body)
    if case.body is not None:
        case.body = without_points(case.body)
    if operation == "listKeys":
        fitting_cursor(case.query or {})
    if operation == "listDeliveries":
        (case.query or {}).pop("after", None)
    if operation == "backUp":
        # Nobody makes a seal up.
        (case.query or {}).pop("after", None)
    if isinstance(case.body, dict):
        FITTING.get(operation, lambda body: None)(case.body)


@schemathesis.hook
def after_call(context, case, response):
    """Notes how it was answered, and which state a key or webhook is in by now."""
    ANSWERS[case.operation.definition.raw["operationId"]][response.status_code] += 1
    tag = response.headers.get("etag")
    if tag:
        shown = json.loads(response.content)
        STATES[shown.get("keyId") or shown["id"]] = tag[0]


@atexit.register
def tell():
    with open(os.environ["KEYWARD_ANSWERS"], "w") as file:
        json.dump(ANSWERS, file)


def fitting_cursor(query):
    """A cursor is what a page in this order gave."""
    try:
        text = query["after"]
        order = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))[0]
        query["sort"] = order
    except (KeyError, IndexError, TypeError, ValueError):
        query.pop("after", None)


def digest(body):
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


def without_points(value):
    """An integer is written as one; JSON Schema takes 1.0 for one, too."""
    if isinstance(value, dict):
        return {name: without_points(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_points(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fitting_key(body):
    body["name"] = "key " + digest(body)
    body["environment"] = ENVIRONMENT
    for member in ("notBefore", "expiresAt", "algorithm", "apis"):
        body.pop(member, None)
    if body.get("lifeDays"):
        body["lifeDays"] = 1
    if body["kind"] != "signed":
        for member in ("profiles", "nonce", "replay"):
            body.pop(member, None)
    elif not body.get("owners"):
        body["owners"] = ["owner@firm.example"]
    fitting_edit(body)


def fitting_edit(body):
    body.pop("expiresAt", None)
    if body.get("allowlist"):
        body["allowlist"] = "192.0.2.0/24, 2001:db8::/32"
    if "owners" in body and not body["owners"]:
        del body["owners"]
    for role in body.get("roles") or []:
        role["role"] = "read-only"
        role.pop("grants", None)


def fitting_grants(body):
    body["grants"] = {API: {RESOURCE: "r"}}


def fitting_rotation(body):
    body.pop("expiresAt", None)


def fitting_webhook(body):
    if "url" in body:
        body["url"] = "https://hooks.firm.example/in"


def fitting_webhook_rotation(body):
    body.pop("oldUntil", None)


FITTING = {
    "createKey": fitting_key,
    "editKey": fitting_edit,
    "rotateKey": fitting_rotation,
    "createRole": fitting_grants,
    "editRole": fitting_grants,
    "createWebhook": fitting_webhook,
    "editWebhook": fitting_webhook,
    "rotateWebhook": fitting_webhook_rotation,
}
