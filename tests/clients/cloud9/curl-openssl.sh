# curl and openssl: what existing integrations sign, a fixed list of lines. The query is not among them.
# about: {"client": "curl and openssl", "algorithms": ["hmac-sha512"], "query": false, "misses": {"too little": {"GET": ["query"]}}}
date=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
nonce=$(openssl rand -hex 16)
host=${URL#*://}
path=/${host#*/}
host=${host%%/*}
type=
set -- --request "$METHOD" --header "Date: $date"
if [ -n "$BODY" ]; then
  type=application/json
  set -- "$@" --header "Content-Type: $type" --data-binary "$BODY"
fi
mac=$(printf '%s\n' "$METHOD" "${URL%%:*}" "$host" "${path%%\?*}" "$type" "$KEY_ID" "$nonce" "$date" "$BODY" |
  openssl dgst -sha512 -hmac "$SECRET" -binary | openssl base64 -A)

curl --silent --write-out '\n%{http_code}' "$@" --header "Authorization: HmacSHA512 $KEY_ID:$nonce:$mac" "$URL"
