"""An origin that answers only what came through the gateway."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

keys = jwt.PyJWKClient(os.environ["KEYWARD_JWKS"])


def claims(headers):
    """What the gateway says of a request; raises when it is not the gateway that says it."""
    assertion = headers.get("Keyward-Assertion", "")
    said = jwt.decode_complete(
        assertion,
        keys.get_signing_key_from_jwt(assertion),
        algorithms=["EdDSA"],
        issuer=os.environ["KEYWARD_ISSUER"],
        audience=os.environ["KEYWARD_AUDIENCE"],
        options={"require": ["exp"]},
        leeway=10,
    )
    if said["header"].get("typ") != "keyward-assertion+jwt":
        raise jwt.InvalidTokenError("this is no assertion")
    return said["payload"]


class Origin(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, answer = 200, json.dumps(claims(self.headers))
        except jwt.PyJWTError as error:
            status, answer = 401, repr(error)
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "text/plain")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Origin)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
