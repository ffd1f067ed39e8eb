# The gateway on plain workerd, where a request arrives as it was sent, and the registry where it is wanted.
# `cargo xtask dev --raw` fills in what stands between @ signs.
using Workerd = import "/workerd/workerd.capnp";
using Workers = import "/tests/support/workers.capnp";

const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "gateway-elsewhere-1", worker = .elsewhere),
    (name = "gateway-elsewhere-2", worker = .elsewhere),
    (name = "origin", worker = .origin),
    (name = "kv", worker = .kv),
    (name = "replay-disk", disk = (path = @REPLAY_DISK@, writable = true)),
    (name = "kv-disk", disk = (path = @KV_DISK@, writable = true)),
    # An origin by URL may be on this machine.
    (name = "network", network = (
      allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
    @REGISTRY_SERVICES@
  ],
  sockets = [
    (name = "gateway", address = @GATEWAY_ADDRESS@, http = (), service = "gateway"),
    (name = "elsewhere-1", address = @ELSEWHERE_1@, http = (), service = "gateway-elsewhere-1"),
    (name = "elsewhere-2", address = @ELSEWHERE_2@, http = (), service = "gateway-elsewhere-2"),
    (name = "kv", address = @KV_ADDRESS@, http = (), service = (name = "kv", entrypoint = "Admin")),
    @REGISTRY_SOCKETS@
  ],
);

const gateway :Workerd.Worker = (
  compatibilityDate = @COMPATIBILITY_DATE@,
  modules = Workers.gateway,
  globalOutbound = "network",
  durableObjectNamespaces = Workers.gatewayObjects,
  durableObjectStorage = (localDisk = "replay-disk"),
  bindings = [
    (name = "REPLAY", durableObjectNamespace = "ReplayStore"),
    (name = "KEYS", kvNamespace = "kv"),
    (name = "ORIGIN", service = "origin"),
    @REGISTRY_BINDINGS@
    @VARS@
  ],
);

# The same in isolates of their own, as it runs in many places at once: each object exists once for all of them.
const elsewhere :Workerd.Worker = (
  compatibilityDate = @COMPATIBILITY_DATE@,
  modules = Workers.gateway,
  globalOutbound = "network",
  bindings = [
    (name = "REPLAY", durableObjectNamespace = (className = "ReplayStore", serviceName = "gateway")),
    (name = "KEYS", kvNamespace = "kv"),
    (name = "ORIGIN", service = "origin"),
    @REGISTRY_BINDINGS@
    @VARS@
  ],
);

const registry :Workerd.Worker = (
  compatibilityDate = @COMPATIBILITY_DATE@,
  modules = [
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
    @REGISTRY_VARS@
  ],
);

const origin :Workerd.Worker = (
  compatibilityDate = @COMPATIBILITY_DATE@,
  modules = Workers.echo,
);

const kv :Workerd.Worker = (
  compatibilityDate = @COMPATIBILITY_DATE@,
  modules = Workers.kv,
  durableObjectNamespaces = Workers.kvObjects,
  durableObjectStorage = (localDisk = "kv-disk"),
  bindings = [(name = "STORE", durableObjectNamespace = "Store")],
);
