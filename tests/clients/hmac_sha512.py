"""The algorithm that PyPI's http-message-signatures has no class for, made as its documentation says."""
import hashlib
import hmac

from http_message_signatures import HTTPSignatureAlgorithm, algorithms


class HMAC_SHA512(HTTPSignatureAlgorithm):
    algorithm_id = "hmac-sha512"

    def __init__(self, public_key=None, private_key=None):
        self.key = private_key or public_key

    def sign(self, message):
        return hmac.digest(self.key, message, hashlib.sha512)


BY_NAME = {"hmac-sha256": algorithms.HMAC_SHA256, "hmac-sha512": HMAC_SHA512}
