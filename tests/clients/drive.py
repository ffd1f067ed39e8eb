"""Runs a client that is written in Python: a line with what is known of it, then a job a line and its answer a line."""
import importlib.util
import json
import sys
from importlib.metadata import version

spec = importlib.util.spec_from_file_location("client", sys.argv[1])
client = importlib.util.module_from_spec(spec)
spec.loader.exec_module(client)

print(json.dumps({"about": client.ABOUT, "version": version(client.ABOUT["package"])}), flush=True)
for line in sys.stdin:
    try:
        response = client.send(**json.loads(line))
        answer = {"status": response.status_code, "text": response.text}
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
