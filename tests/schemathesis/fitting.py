"""Makes good data fit what there is."""

import base64
import copy
import hashlib
import json

# Of the catalogue and the environments that the tests run with.
API, RESOURCE, ENVIRONMENT = "local", "things", "production"


def body(operation, content):
    """Content, in its place."""
    FITTING.get(operation, lambda content: None)(content)


def query(operation, parameters):
    """Parameters, in their place: a cursor is what a page in this order gave, and nobody makes a seal up."""
    if operation == "listKeys":
        try:
            text = parameters["after"]
            parameters["sort"] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))[0]
        except (KeyError, IndexError, TypeError, ValueError):
            parameters.pop("after", None)
    if operation in ("listDeliveries", "backUp"):
        parameters.pop("after", None)


def digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def without_points(value):
    """An integer is written as one; JSON Schema takes 1.0 for one, too."""
    if isinstance(value, dict):
        return {name: without_points(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_points(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def without(members, content):
    for member in members:
        content.pop(member, None)


def key(content):
    content["name"] = "key " + digest(content)
    content["environment"] = ENVIRONMENT
    without(("notBefore", "algorithm"), content)
    if content.get("lifeDays"):
        content["lifeDays"] = 1
    if content["kind"] != "signed":
        without(("profiles", "nonce", "replay"), content)
    elif not content.get("owners"):
        content["owners"] = ["owner@firm.example"]
    edit(content)


def edit(content):
    without(("expiresAt", "apis"), content)
    if content.get("allowlist"):
        content["allowlist"] = "192.0.2.0/24, 2001:db8::/32"
    if "owners" in content and not content["owners"]:
        del content["owners"]
    for role in content.get("roles") or []:
        role["role"] = "read-only"
        role.pop("grants", None)


def imported(content):
    if content.get("defaults"):
        content["defaults"] = {"memo": content["defaults"].get("memo")}
    content.pop("dryRun", None)
    for one in content["rows"]:
        row(one)


def row(content):
    content["kind"] = content.get("kind") or "basic"
    content["roles"] = content.get("roles") or [{"role": "read-only", "accounts": "all"}]
    key(content)
    own = hashlib.sha256(content["name"].encode()).digest()
    content["keyId"] = "imported-" + own.hex()[:16]
    without(("secret", "sha256"), content)
    if content["kind"] == "basic":
        content["sha256"] = own.hex()
    else:
        content["secret"] = base64.urlsafe_b64encode(own).decode().rstrip("=")


def rows_but_for(content, is_member):
    """Rows in which nothing but what is wrong on purpose keeps them from being keys."""
    rows = content.get("rows")
    for at, one in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(one, dict):
            wrong = {name: value for name, value in one.items() if not is_member(name, value)}
            right = {name: copy.deepcopy(value) for name, value in one.items() if name not in wrong}
            row(right)
            rows[at] = {**right, **wrong}


def grants(content):
    content["grants"] = {API: {RESOURCE: "r"}}


def sign_in(content):
    """By the code alone signs in who has a key, and who has one is in the fixture."""
    content |= {"organisation": "nobodys", "email": "nobody@firm.example", "password": "none of anybody", **content}


def webhook(content):
    if "url" in content:
        content["url"] = "https://hooks.firm.example/in"


def click(content):
    """All content has a bound, whatever fields it has."""
    content.clear()
    content["List-Unsubscribe"] = "One-Click"


FITTING = {
    "createKey": key,
    "editKey": edit,
    "declineNotices": click,
    "rotateKey": lambda content: without(["expiresAt"], content),
    "importKeys": imported,
    "openSession": sign_in,
    "createRole": grants,
    "editRole": grants,
    "createWebhook": webhook,
    "editWebhook": webhook,
    "rotateWebhook": lambda content: without(["oldUntil"], content),
}
