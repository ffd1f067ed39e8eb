# curl: key id and secret as they are.
# about: {"client": "curl --user"}
if [ -n "$BODY" ]; then
  set -- --header 'Content-Type: application/json' --data-binary "$BODY"
fi
curl --silent --write-out '\n%{http_code}' --request "$METHOD" --user "$KEY_ID:$SECRET" "$@" "$URL"
