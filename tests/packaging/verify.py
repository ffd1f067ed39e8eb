"""Verifies one request, JSON on stdin, with PyPI's http-message-signatures."""
import hmac
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "clients"))

import requests
from hmac_sha512 import BY_NAME
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature

job = json.load(sys.stdin)


class Resolver(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id):
        return job["secret"].encode()


class HMAC_SHA512(BY_NAME["hmac-sha512"]):
    def verify(self, signature, message):
        if not hmac.compare_digest(self.sign(message), signature):
            raise InvalidSignature("the MAC is another")


algorithm = HMAC_SHA512 if job["algorithm"] == "hmac-sha512" else BY_NAME[job["algorithm"]]
message = requests.Request(job["method"], job["url"], headers=job["headers"]).prepare()
verifier = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=Resolver())
try:
    [found] = verifier.verify(message, expect_tag="keyward")
    print("right", found.parameters["keyid"], found.parameters["tag"])
except InvalidSignature:
    print("wrong")
