// Real Caddy with forward_auth: a refusal of the gateway is the answer, as it is.
import { suite } from "./suite.mjs";

suite("caddy", "Caddyfile", (config) => ["caddy", "run", "--config", config, "--adapter", "caddyfile"]);
