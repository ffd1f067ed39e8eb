# The registry and a gateway on plain workerd, with one KV between them: what one publishes the other obeys. Ports are
# the system's; registry.js reads them.
using Workerd = import "/workerd/workerd.capnp";
using Workers = import "/tests/support/workers.capnp";

const config :Workerd.Config = (
  services = [
    (name = "registry", worker = .registry),
    (name = "gateway", worker = .gateway),
    (name = "origin", worker = .origin),
    (name = "kv", worker = .kv),
    (name = "email", worker = .email),
    # Everybody else. Where registry.js names no receiver, nobody is there.
    (name = "outbound", external = (address = "127.0.0.1:9", http = (style = proxy))),
    # Who acts while a key is being made, where registry.js names him; see meanwhile/index.js.
    (name = "meanwhile", external = (address = "127.0.0.1:9", http = ())),
    (name = "cron", worker = .cron),
    (name = "registry-disk", disk = (writable = true)),
    (name = "gateway-disk", disk = (writable = true)),
    (name = "kv-disk", disk = (writable = true)),
  ],
  sockets = [
    (name = "registry", address = "127.0.0.1:0", http = (), service = "registry"),
    (name = "gateway", address = "127.0.0.1:0", http = (), service = "gateway"),
    (name = "clock", address = "127.0.0.1:0", http = (), service = (name = "gateway", entrypoint = "Clock")),
    (name = "kv", address = "127.0.0.1:0", http = (), service = (name = "kv", entrypoint = "Admin")),
    (name = "cron", address = "127.0.0.1:0", http = (), service = "cron"),
  ],
);

const date :Text = "2026-07-01";

const registry :Workerd.Worker = (
  compatibilityDate = .date,
  globalOutbound = "outbound",
  modules = [
    (name = "meanwhile.js", esModule = embed "/tests/support/meanwhile/index.js"),
    (name = "clock.js", esModule = embed "/tests/support/clock/index.js"),
    (name = "registry/entry.js", esModule = embed "/worker/registry/entry.js"),
    (name = "platform/guard.js", esModule = embed "/worker/platform/guard.js"),
    (name = "gateway/catalogue.json", json = embed "/worker/gateway/catalogue.json"),
    (name = "registry/build/index.js", esModule = embed "/worker/registry/build/index.js"),
    (name = "registry/build/index_bg.wasm", wasm = embed "/worker/registry/build/index_bg.wasm"),
  ],
  durableObjectNamespaces = Workers.registryObjects,
  durableObjectStorage = (localDisk = "registry-disk"),
  bindings = [
    (name = "KEYS", kvNamespace = "kv"),
    (name = "DIRECTORY", durableObjectNamespace = "Directory"),
    (name = "ORGANISATION", durableObjectNamespace = "Organisation"),
    (name = "OPERATOR", durableObjectNamespace = "Operator"),
    (name = "NETWORK", durableObjectNamespace = "Network"),
    (name = "SETTINGS", fromEnvironment = "REGISTRY_SETTINGS"),
    (name = "SECRETS", fromEnvironment = "REGISTRY_SECRETS"),
    (name = "ROOT_TOKEN", fromEnvironment = "ROOT_TOKEN"),
    (name = "CATALOGUE", fromEnvironment = "CATALOGUE"),
    (name = "EMAIL", service = "email"),
    (name = "CLOCK_AHEAD_S", fromEnvironment = "CLOCK_AHEAD_S"),
    (name = "CLOCK_STANDS_AT_MS", fromEnvironment = "CLOCK_STANDS_AT_MS"),
    (name = "MEANWHILE", service = "meanwhile"),
    (name = "MEANWHILE_IS_THERE", fromEnvironment = "MEANWHILE_IS_THERE"),
  ],
);

const gateway :Workerd.Worker = (
  compatibilityDate = .date,
  modules = [
    (name = "clock.js", esModule = embed "/tests/support/clock/gateway.js"),
    (name = "gateway/entry.js", esModule = embed "/worker/gateway/entry.js"),
    (name = "platform/guard.js", esModule = embed "/worker/platform/guard.js"),
    (name = "gateway/catalogue.json", json = embed "/worker/gateway/catalogue.json"),
    (name = "gateway/build/index.js", esModule = embed "/worker/gateway/build/index.js"),
    (name = "gateway/build/index_bg.wasm", wasm = embed "/worker/gateway/build/index_bg.wasm"),
  ],
  durableObjectNamespaces = Workers.gatewayObjects,
  durableObjectStorage = (localDisk = "gateway-disk"),
  bindings = [
    (name = "KEYS", kvNamespace = "kv"),
    (name = "REPLAY", durableObjectNamespace = "ReplayStore"),
    (name = "ORIGIN", service = "origin"),
    (name = "REGISTRY", service = (name = "registry", entrypoint = "Edge")),
    (name = "SETTINGS", fromEnvironment = "GATEWAY_SETTINGS"),
    (name = "SECRETS", fromEnvironment = "GATEWAY_SECRETS"),
    (name = "CATALOGUE", fromEnvironment = "CATALOGUE"),
  ],
);

const origin :Workerd.Worker = (
  compatibilityDate = .date,
  modules = Workers.echo,
);

const email :Workerd.Worker = (
  compatibilityDate = .date,
  globalOutbound = "outbound",
  modules = [(name = "index.js", esModule = embed "/tests/support/email/index.js")],
);

const kv :Workerd.Worker = (
  compatibilityDate = .date,
  modules = Workers.kv,
  durableObjectNamespaces = Workers.kvObjects,
  durableObjectStorage = (localDisk = "kv-disk"),
  bindings = [(name = "STORE", durableObjectNamespace = "Store")],
);

# Sends the registry what Cloudflare sends it by the clock.
const cron :Workerd.Worker = (
  compatibilityDate = .date,
  compatibilityFlags = ["service_binding_extra_handlers"],
  modules = [(name = "index.js", esModule = embed "/tests/support/cron.js")],
  bindings = [(name = "REGISTRY", service = "registry")],
);
