// For one script without a file beside it.
import { createSigner, createVerifier, memoryStore } from "keyward/inline";

import { run } from "./run.js";

run({ createSigner, createVerifier, memoryStore });
