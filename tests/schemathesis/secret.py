"""What proves who one is: codes of an authenticator app (RFC 6238), and requests that a key signs (RFC 9421)."""

import base64
import hashlib
import hmac
import secrets
import struct
import time
import urllib.parse

import requests.auth


def totp(otpauth):
    """The present code of an app that was told this."""
    [secret] = urllib.parse.parse_qs(urllib.parse.urlsplit(otpauth).query)["secret"]
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    [word] = struct.unpack_from(">I", mac, mac[-1] & 15)
    return f"{(word & 0x7FFFFFFF) % 1_000_000:06}"


class Signature(requests.auth.AuthBase):
    """Signs what is sent, as it is sent."""

    def __init__(self, key, origin):
        self.key = key
        self.origin = origin

    def __call__(self, request):
        content = request.body.encode() if isinstance(request.body, str) else request.body or b""
        digest = f"sha-512=:{encoded(hashlib.sha512(content).digest())}:"
        parameters = (
            f'("@method" "@target-uri" "content-digest");created={int(time.time())};keyid="{self.key["keyId"]}"'
            f';nonce="{secrets.token_urlsafe(12)}";tag="keyward"'
        )
        base = (
            f'"@method": {request.method}\n"@target-uri": {self.origin}{request.path_url}\n'
            f'"content-digest": {digest}\n"@signature-params": {parameters}'
        )
        mac = hmac.digest(self.key["secret"].encode(), base.encode(), self.key["algorithm"].removeprefix("hmac-"))
        request.headers["Content-Digest"] = digest
        request.headers["Signature-Input"] = f"sig1={parameters}"
        request.headers["Signature"] = f"sig1=:{encoded(mac)}:"
        return request


def encoded(octets):
    return base64.b64encode(octets).decode()
