// Refuses variables that look like settings and are none: a misspelt one would be silent.

import { ConfigError } from "@forklift/pipeline";
import { CONFIG_KEYS, environmentName } from "./schema.ts";

/** Of other parts than the configuration, and of the tests. */
const NO_SETTINGS = /^FORKLIFT_(GCS_ANONYMOUS|SHARED|RANDOM_NETWORKS|TEST_\w+)$/;

/** Kubernetes tells every pod of the services beside it; one of them may be called forklift. */
const OF_A_SERVICE = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/;
const URL_OF_A_SERVICE = /^(tcp|udp|sctp):\/\//;

/** @throws ConfigError for a FORKLIFT_ variable that nobody reads. */
export function requireKnownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const known = CONFIG_KEYS.map(environmentName);
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("FORKLIFT_") || value === undefined || known.includes(name)) continue;
    if (NO_SETTINGS.test(name) || OF_A_SERVICE.test(name) || URL_OF_A_SERVICE.test(value)) continue;
    throw new ConfigError(`the environment has ${name}, which is no setting`, {
      hint: `the nearest is ${nearest(name, known)}; set that one, or unset ${name}`,
    });
  }
}

function nearest(name: string, known: readonly string[]): string {
  const distances = known.map((candidate) => editDistance(name, candidate));
  return known[distances.indexOf(Math.min(...distances))]!;
}

/** Letters to add, to take away or to change until one text is the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column++) {
      const change = row[column - 1]! + (b[column - 1] === letter ? 0 : 1);
      next.push(Math.min(change, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
