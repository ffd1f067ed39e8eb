"""Makes or verifies one token with PyJWT: a job as JSON on stdin, { result } or { error } on stdout."""
import json
import sys

import jwt

job = json.load(sys.stdin)


def make(claims, header, alg, key):
    headers = {"typ": None, **header}
    if alg == "none":
        return jwt.encode(claims, None, algorithm="none", headers=headers)
    return jwt.encode(claims, jwt.PyJWK(key, algorithm=alg).key, algorithm=alg, headers=headers)


def verify(token, alg, issuer, audience, jwks=None, key=None):
    if jwks:
        key = jwt.PyJWKSet.from_dict(jwks)[jwt.get_unverified_header(token)["kid"]]
    else:
        key = jwt.PyJWK(key, algorithm=alg)
    return jwt.decode(token, key, algorithms=[alg], issuer=issuer, audience=audience)


try:
    answer = {"result": make(**job["make"]) if "make" in job else verify(**job["verify"])}
except Exception as error:
    answer = {"error": repr(error)}
print(json.dumps(answer))
