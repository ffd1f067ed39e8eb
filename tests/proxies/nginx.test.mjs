// Real nginx with auth_request. What it cannot say itself arrives as 403 with Keyward-Status.
import { suite } from "./suite.mjs";

suite("nginx", "nginx.conf", (config, folder) => [process.env.KEYWARD_NGINX ?? "nginx", "-c", config, "-p", folder, "-g", "daemon off;"], {
  repeated: "403",
});
