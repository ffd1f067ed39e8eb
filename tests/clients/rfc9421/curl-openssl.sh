# curl and openssl: a signed request by hand.
# about: {"client": "curl and openssl", "algorithms": ["hmac-sha256", "hmac-sha512"], "misses": {"too little": {"GET": ["@method"], "POST": ["@method", "content-digest"]}}}
set -- --request "$METHOD"
covered='"@method" "@target-uri"'
base="\"@method\": $METHOD
\"@target-uri\": $URL"

if [ "$COVER" = "too little" ]; then
  covered='"@target-uri"'
  base="\"@target-uri\": $URL"
fi

if [ -n "$BODY" ]; then
  set -- "$@" --header 'Content-Type: application/json' --data-binary "$BODY"
fi
if [ -n "$BODY" ] && [ "$COVER" = enough ]; then
  digest="sha-512=:$(printf %s "$BODY" | openssl dgst -sha512 -binary | openssl base64 -A):"
  set -- "$@" --header "Content-Digest: $digest"
  covered="$covered \"content-digest\""
  base="$base
\"content-digest\": $digest"
fi

input="($covered);created=$(date +%s);keyid=\"$KEY_ID\""
base="$base
\"@signature-params\": $input"
mac=$(printf %s "$base" | openssl dgst "-$HASH" -hmac "$SECRET" -binary | openssl base64 -A)

curl --silent --write-out '\n%{http_code}' "$@" \
  --header "Signature-Input: sig=$input" --header "Signature: sig=:$mac:" "$URL"
