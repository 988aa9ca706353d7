// Finds variables that look like settings and are none: a misspelt one would be silent.

import { closestMatch } from "leven";
import type { ConfigFault } from "./config-faults.ts";
import { CONFIG_KEYS, environmentName } from "./schema.ts";

/** Of other parts than the configuration, and of the tests. */
const NO_SETTINGS = /^FORKLIFT_(GCS_ANONYMOUS|SHARED|RANDOM_NETWORKS|TEST_\w+)$/;

/** Kubernetes sets variables for every service beside a pod; a service may be called forklift. */
const OF_A_SERVICE = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/;
const URL_OF_A_SERVICE = /^(tcp|udp|sctp):\/\//;

/** A fault for each FORKLIFT_ variable that is no setting. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): ConfigFault[] {
  const known = CONFIG_KEYS.map(environmentName);
  const faults: ConfigFault[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("FORKLIFT_") || value === undefined || known.includes(name)) continue;
    if (NO_SETTINGS.test(name) || OF_A_SERVICE.test(name) || URL_OF_A_SERVICE.test(value)) continue;
    faults.push({
      path: name,
      message: "is a variable of the environment, but no setting",
      place: name,
      next: `the nearest is ${closestMatch(name, known)}; set that one, or unset ${name}`,
    });
  }
  return faults;
}
