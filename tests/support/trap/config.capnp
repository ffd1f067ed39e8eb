# The gateway on plain workerd with its wasm made to trap on demand; see index.js. Everything it asks never answers.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "gateway", worker = .gateway), (name = "silent", worker = .silent)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "gateway")],
);

const gateway :Workerd.Worker = (
  compatibilityDate = "2026-07-01",
  modules = [
    (name = "entry.js", esModule = embed "/worker/gateway/entry.js"),
    (name = "catalogue.json", json = embed "/worker/gateway/catalogue.json"),
    (name = "build/index.js", esModule = embed "/tests/support/trap/index.js"),
    (name = "build/built.js", esModule = embed "/worker/gateway/build/index.js"),
    (name = "build/index_bg.wasm", wasm = embed "/worker/gateway/build/index_bg.wasm"),
  ],
  bindings = [
    (name = "KEYS", kvNamespace = "silent"),
    (name = "SETTINGS", fromEnvironment = "SETTINGS"),
    (name = "SECRETS", fromEnvironment = "SECRETS"),
  ],
);

const silent :Workerd.Worker = (
  compatibilityDate = "2026-07-01",
  serviceWorkerScript = "addEventListener('fetch', (event) => event.respondWith(new Promise((resolve) => setTimeout(resolve, 60000))))",
);
