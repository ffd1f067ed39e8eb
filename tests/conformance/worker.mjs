// The wasm core in workerd, as bare as can be: a POST to /<export> is one call.
import wasm from "./keyward_wasm_bg.wasm";
import * as keyward from "./keyward_wasm.js";

keyward.initSync({ module: wasm });

export default {
  async fetch(request) {
    const name = new URL(request.url).pathname.slice(1);
    return new Response(keyward[name](await request.text()));
  },
};
