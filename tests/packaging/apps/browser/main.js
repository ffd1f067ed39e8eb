import { createSigner, createVerifier, memoryStore } from "keyward";

import { run } from "./run.js";

run({ createSigner, createVerifier, memoryStore });
