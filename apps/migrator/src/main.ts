// The `forklift-migrator` command.

import { listenForSignals } from "@forklift/console/signals";

const signals = listenForSignals();
// Only now, as loading it takes its time.
const [{ runAsProcess }, { migrator }] = await Promise.all([
  import("@forklift/console"),
  import("./commands/index.ts"),
]);
await runAsProcess(migrator, signals);
