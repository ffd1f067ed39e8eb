"""PyPI http-message-signatures: signs a prepared request of requests; content only when it is handed over."""
import requests
from hmac_sha512 import BY_NAME
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver

ABOUT = {
    "client": "PyPI http-message-signatures",
    "package": "http-message-signatures",
    "algorithms": ["hmac-sha256", "hmac-sha512"],
    "misses": {
        "as it comes": {"GET": [], "POST": ["content-digest"]},
        "too little": {"GET": ["@method"], "POST": ["@method"]},
    },
}


def send(method, url, body, keyId, secret, algorithm, cover):
    content = body.encode() if body is not None else None
    request = requests.Request(method, url, data=content).prepare()
    keys = MappingKeyResolver(private_keys={keyId: secret.encode()}, public_keys={})
    signer = HTTPMessageSigner(signature_algorithm=BY_NAME[algorithm], key_resolver=keys)
    how = {"body": content}
    if cover == "as it comes":
        how = {}
    if cover == "too little":
        how["covered_component_ids"] = ("@target-uri",)
    signer.sign(request, key_id=keyId, **how)
    return requests.Session().send(request)
