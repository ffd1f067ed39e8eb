# curl and openssl: Kong's hmac-auth, as its documentation signs; `X-Date` where a proxy of the client's writes `Date`.
# about: {"client": "curl and openssl", "algorithms": ["hmac-sha256", "hmac-sha512"], "misses": {"as it comes": {"GET": [], "POST": ["digest"]}, "too little": {"GET": ["request-line"], "POST": ["request-line", "digest"]}}}
date=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
line="$METHOD /${URL#*://*/} HTTP/1.1"
set -- --request "$METHOD"
case $COVER in
  enough)
    set -- "$@" --header "X-Date: $date"
    headers='x-date request-line'
    text="x-date: $date
$line" ;;
  'as it comes')
    set -- "$@" --header "Date: $date"
    headers='date request-line'
    text="date: $date
$line" ;;
  'too little')
    set -- "$@" --header "Date: $date"
    headers=date
    text="date: $date" ;;
esac
if [ -n "$BODY" ]; then
  digest="SHA-256=$(printf %s "$BODY" | openssl dgst -sha256 -binary | openssl base64 -A)"
  set -- "$@" --header 'Content-Type: application/json' --header "Digest: $digest" --data-binary "$BODY"
  if [ "$COVER" = enough ]; then
    headers="$headers digest"
    text="$text
digest: $digest"
  fi
fi
mac=$(printf %s "$text" | openssl dgst "-$HASH" -hmac "$SECRET" -binary | openssl base64 -A)

curl --silent --write-out '\n%{http_code}' "$@" --header \
  "Authorization: hmac username=\"$KEY_ID\", algorithm=\"hmac-$HASH\", headers=\"$headers\", signature=\"$mac\"" "$URL"
