// Real Caddy with what `forward_auth` stands for, written out.
import { suite } from "./suite.mjs";

suite("caddy", "Caddyfile", (config) => [process.env.KEYWARD_CADDY ?? "caddy", "run", "--config", config, "--adapter", "caddyfile"]);
