# What Workers are made of on plain workerd, for the configurations beside this file. A list's first module is the
# Worker's entry, so where another one goes before the registry's, the list stands there.
using Workerd = import "/workerd/workerd.capnp";

const gateway :List(Workerd.Worker.Module) = [
  (name = "gateway/entry.js", esModule = embed "/worker/gateway/entry.js"),
  (name = "platform/guard.js", esModule = embed "/worker/platform/guard.js"),
  (name = "gateway/catalogue.json", json = embed "/worker/gateway/catalogue.json"),
  (name = "gateway/build/index.js", esModule = embed "/worker/gateway/build/index.js"),
  (name = "gateway/build/index_bg.wasm", wasm = embed "/worker/gateway/build/index_bg.wasm"),
];

const gatewayObjects :List(Workerd.Worker.DurableObjectNamespace) = [
  (className = "ReplayStore", uniqueKey = "keyward-replay", enableSql = true),
];

const registryObjects :List(Workerd.Worker.DurableObjectNamespace) = [
  (className = "Directory", uniqueKey = "keyward-directory", enableSql = true),
  (className = "Organisation", uniqueKey = "keyward-organisation", enableSql = true),
  (className = "Operator", uniqueKey = "keyward-operator", enableSql = true),
  (className = "Network", uniqueKey = "keyward-network", enableSql = true),
];

const echo :List(Workerd.Worker.Module) = [
  (name = "index.js", esModule = embed "/tests/support/echo/index.js"),
];

const kv :List(Workerd.Worker.Module) = [
  (name = "index.js", esModule = embed "/tests/support/kv/index.js"),
];

const kvObjects :List(Workerd.Worker.DurableObjectNamespace) = [
  # Faults are kept in memory, so the object must not be put to sleep.
  (className = "Store", uniqueKey = "keyward-kv", enableSql = true, preventEviction = true),
];
