"""PyPI requests: `auth` with key id and secret."""
import requests

ABOUT = {"client": "PyPI requests", "package": "requests"}


def send(method, url, body, keyId, secret, **_):
    content = body.encode() if body is not None else None
    return requests.request(method, url, data=content, auth=(keyId, secret))
