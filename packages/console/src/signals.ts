// Listens for SIGINT and SIGTERM from the first line of a program on: loading the rest takes most of a
// second, in which a signal would end the process without an exit code of ours.

import { EXIT } from "@forklift/pipeline";

export type StopSignal = "SIGINT" | "SIGTERM";

export interface Signals {
  /** Whoever is told from now on; until then a signal ends the process, which has done nothing yet. */
  tell(listener: (signal: StopSignal) => void): void;
}

export function listenForSignals(): Signals {
  let told: (signal: StopSignal) => void = () => {
    process.stderr.write(
      "forklift: stopped by a signal before anything was done\n  next: run the same command again\n",
    );
    process.exit(EXIT.tryAgain);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => told(signal));
  return {
    tell(listener) {
      told = listener;
    },
  };
}
