// The package in workerd, as bare as can be: a POST is one decision.
import * as keyward from "keyward";
import { instantiate } from "keyward/core";
import wasm from "./keyward.wasm";

import { answer } from "./decide.mjs";

const core = instantiate(wasm);

export default {
  async fetch(request) {
    return new Response(await answer(keyward, core, await request.json()));
  },
};
