"""What the document cannot say of data: which names are there, what goes together, and what is judged row by row."""

import atexit
import collections
import json
import os
import pathlib
import sys

import jsonschema_rs
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.modes import GenerationMode
from schemathesis.openapi.checks import IgnoredAuth, UseAfterFree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fitting  # noqa: E402
from secret import Signature, totp  # noqa: E402

# What was made before, and can be used by name: see schemathesis.test.mjs.
FIXTURE = json.loads(os.environ["KEYWARD_FIXTURE"])
# The last ETag of each key and webhook.
STATES = FIXTURE["states"]
# How often each operation was answered with each status, or did nothing although it was 200.
ANSWERS = collections.defaultdict(collections.Counter)
ORIGIN = "http://admin.example"


def name_of(case):
    return case.operation.definition.raw["operationId"]


def wrong_parts(case):
    """What of it is wrong on purpose: that stays so."""
    if case.meta is None:
        return set()
    return {location for location, of in case.meta.components.items() if of.mode == GenerationMode.NEGATIVE}


def is_wrong(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.NEGATIVE


def has_origin(case):
    return any(parameter.name == "Origin" for parameter in case.operation.headers)


def is_done(operation):
    return any(isinstance(status, int) and status < 300 for status in ANSWERS[operation])


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = name_of(case)
    wrong = wrong_parts(case)
    # What is wrong with content as well is to be found there, and not at the gate.
    at_the_gate = ParameterLocation.HEADER in wrong and ParameterLocation.BODY not in wrong
    if case.method != "GET" and not (has_origin(case) and at_the_gate):
        case.headers["Origin"] = ORIGIN
    # A field that workerd knows is not there when it is empty.
    if case.headers.get("If-Match") == "":
        case.headers["If-Match"] = "-"
    if is_wrong(case):
        if operation == "importKeys" and isinstance(case.body, dict):
            fitting.rows_but_for(case.body, is_member(case))
        return
    if operation in FIXTURE["ids"] and not is_done(operation):
        case.path_parameters = dict.fromkeys(case.path_parameters, FIXTURE["ids"][operation])
    if operation == "declineNotices":
        case.path_parameters["token"] = FIXTURE["declining"]
        case.path_parameters["organisation"] = FIXTURE["organisation"]
    parameters = case.path_parameters or {}
    which = parameters.get("keyId") or parameters.get("id")
    if "If-Match" in case.headers and which in STATES:
        case.headers["If-Match"] = STATES[which]
    if case.body is not None:
        case.body = fitting.without_points(case.body)
    if isinstance(case.body, dict) and content(operation, case.body):
        kwargs["auth"] = Signature(FIXTURE["keys"][operation], ORIGIN)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = fitting.digest(case.body)
    if case.query:
        fitting.query(operation, case.query)


def content(operation, body):
    """That of the fixture, as long as there is some: what comes after it is nobody's. Gives whether a key signs it."""
    ready = FIXTURE["contents"].get(operation)
    if not ready:
        fitting.body(operation, body)
        return False
    body.clear()
    body.update(ready.pop(0))
    if operation == "confirmEnrolment":
        body["code"] = totp(FIXTURE["otpauth"])
    # By the code alone signs in who has a key for it.
    return operation == "reportUsage" or operation == "openSession" and list(body) == ["code"]


@schemathesis.hook
def after_call(context, case, response):
    """Notes how it was answered, and which state a key or webhook is in by now."""
    operation = name_of(case)
    if operation == "importKeys" and response.status_code == 200:
        imported = [row["keyId"] for row in json.loads(response.content)["rows"] if row["outcome"] == "imported"]
        STATES.update(dict.fromkeys(imported, '"1"'))
        ANSWERS[operation][200 if imported else "nothing done"] += 1
    else:
        ANSWERS[operation][response.status_code] += 1
    tag = response.headers.get("etag")
    if tag:
        shown = json.loads(response.content)
        STATES[shown.get("keyId") or shown["id"]] = tag[0]


@atexit.register
def tell():
    with open(os.environ["KEYWARD_ANSWERS"], "w") as file:
        json.dump(ANSWERS, file)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether it is one."""
    operation, answer = name_of(case), json.loads(response.content or "null")
    # A signature is no field that the document could name: with one it was somebody.
    if isinstance(failure, IgnoredAuth) and "Signature" in response.request.headers:
        return False
    # A key that was removed stays listed, as one that was.
    if isinstance(failure, UseAfterFree) and operation == "showKey":
        return answer["state"] != "removed"
    # Each row of an import is judged by itself, and a wrong one is refused within a 200.
    if isinstance(failure, AcceptedNegativeData) and operation == "importKeys":
        return wrong_parts(case) != {ParameterLocation.BODY} or not is_refused_row_by_row(case, answer["rows"])
    return True


def is_refused_row_by_row(case, outcomes):
    rows = case.body["rows"]
    around = {**case.body, "rows": [{}]}
    # What is wrong around the rows is wrong with each.
    around_is_wrong = not validator(case, "ImportForm").is_valid(around)
    is_right = validator(case, "ImportRow").is_valid
    wrong = [at for at, row in enumerate(rows) if around_is_wrong or not is_right(row)]
    return bool(wrong) and len(rows) == len(outcomes) and all(outcomes[at]["outcome"] == "refused" for at in wrong)


def is_member(case):
    """Whether a row may have this member."""
    is_right = validator(case, "ImportRow").is_valid
    return lambda name, value: is_right({name: value})


def validator(case, name):
    if name not in VALIDATORS:
        components = case.operation.schema.raw_schema["components"]
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        VALIDATORS[name] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return VALIDATORS[name]


VALIDATORS = {}
