"""PyPI httpsig: an `auth` of requests; covers the date alone unless told otherwise, and then leaves `headers` out."""
import base64
import hashlib
from email.utils import formatdate

import requests
from httpsig.requests_auth import HTTPSignatureAuth

ABOUT = {
    "client": "PyPI httpsig",
    "package": "httpsig",
    "algorithms": ["hmac-sha256", "hmac-sha512"],
    "misses": {
        "as it comes": {
            "GET": ["(request-target)", "host", "date"],
            "POST": ["(request-target)", "host", "date", "digest"],
        },
        "too little": {"GET": ["(request-target)"], "POST": ["(request-target)", "digest"]},
    },
}


def send(method, url, body, keyId, secret, algorithm, cover):
    content = body.encode() if body is not None else None
    fields = {"Date": formatdate(usegmt=True)}
    covered = {"enough": ["(request-target)", "host", "date"], "too little": ["host", "date"], "as it comes": None}[cover]
    if content is not None:
        fields["Digest"] = "SHA-256=" + base64.b64encode(hashlib.sha256(content).digest()).decode()
        if cover == "enough":
            covered.append("digest")
    auth = HTTPSignatureAuth(key_id=keyId, secret=secret, algorithm=algorithm, headers=covered)
    return requests.request(method, url, data=content, headers=fields, auth=auth)
