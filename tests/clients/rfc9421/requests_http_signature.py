"""PyPI requests-http-signature: an `auth` of requests; covers the date and a digest, of nothing where there is nothing."""
import requests
from hmac_sha512 import BY_NAME
from requests_http_signature import HTTPSignatureAuth

ABOUT = {
    "client": "PyPI requests-http-signature",
    "package": "requests-http-signature",
    "algorithms": ["hmac-sha256", "hmac-sha512"],
    "misses": {
        "as it comes": {"GET": [], "POST": []},
        "too little": {"GET": ["@method", "@authority", "@path", "@query"], "POST": ["@method", "@authority", "@path"]},
    },
}


def send(method, url, body, keyId, secret, algorithm, cover):
    how = {}
    if cover == "enough":
        how = {"covered_component_ids": ("@method", "@authority", "@path", "@query"), "use_nonce": True, "tag": "keyward"}
    if cover == "too little":
        how = {"covered_component_ids": ()}
    auth = HTTPSignatureAuth(signature_algorithm=BY_NAME[algorithm], key=secret.encode(), key_id=keyId, **how)
    content = body.encode() if body is not None else None
    return requests.request(method, url, data=content, auth=auth)
