// The `forklift` command.

import { listenForSignals } from "@forklift/console/signals";

const signals = listenForSignals();
// Only now, as loading it takes its time.
const [{ runAsProcess }, { forklift }] = await Promise.all([
  import("@forklift/console"),
  import("./commands/index.ts"),
]);
await runAsProcess(forklift, signals);
