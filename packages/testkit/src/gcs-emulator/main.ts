// The emulator as a process of its own. Its first line of output is one JSON object with its URL.

import { parseArgs } from "node:util";
import { startGcsEmulator } from "./gcs-emulator.ts";

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
  },
});
if (values.dir === undefined) throw new Error("give --dir, the folder whose folders are buckets");

const { dir, host } = values;
const emulator = await startGcsEmulator({ dir, host, port: Number(values.port) });
console.log(JSON.stringify({ url: emulator.url }));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void emulator[Symbol.asyncDispose]());
}
