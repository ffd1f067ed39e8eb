# The gateway on plain workerd with its wasm made to trap on demand (see index.js), without the store of requests that
# may be made once, and with a KV that knows one key and never answers about others.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "gateway", worker = .gateway), (name = "kv", worker = .kv)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "gateway")],
);

const gateway :Workerd.Worker = (
  compatibilityDate = "2026-07-01",
  modules = [
    (name = "gateway/entry.js", esModule = embed "/worker/gateway/entry.js"),
    (name = "platform/guard.js", esModule = embed "/worker/platform/guard.js"),
    (name = "gateway/catalogue.json", json = embed "/worker/gateway/catalogue.json"),
    (name = "gateway/build/index.js", esModule = embed "/tests/support/trap/index.js"),
    (name = "gateway/build/built.js", esModule = embed "/worker/gateway/build/index.js"),
    (name = "gateway/build/index_bg.wasm", wasm = embed "/worker/gateway/build/index_bg.wasm"),
  ],
  bindings = [
    (name = "KEYS", kvNamespace = "kv"),
    (name = "SETTINGS", fromEnvironment = "SETTINGS"),
    (name = "SECRETS", fromEnvironment = "SECRETS"),
    (name = "CATALOGUE", fromEnvironment = "CATALOGUE"),
  ],
);

const kv :Workerd.Worker = (
  compatibilityDate = "2026-07-01",
  modules = [(name = "kv.js", esModule = embed "kv.js")],
  bindings = [(name = "NAME", fromEnvironment = "KV_NAME"), (name = "TEXT", fromEnvironment = "KV_TEXT")],
);
