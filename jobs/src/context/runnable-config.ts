// Whether a job can run by a configuration: its values are right, its preset is complete, and all that a job
// reads is named by one of them. Nothing that is named is opened, but the file of the preset.

import type { Network } from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import { type ConfigFault, configError, faultAt } from "../config/config-faults.ts";
import {
  type ConfigInput,
  type LoadedConfig,
  type ReadConfig,
  readConfig,
} from "../config/load-config.ts";
import type { Config } from "../config/schema.ts";
import {
  blocksUrls,
  genesisLedgerUrl,
  networkOfConfig,
  publishingStoreUrl,
  requireTwoDatabases,
  sourceDumpsUrl,
} from "./configured-inputs.ts";

/** @throws ConfigError naming every fault that keeps a job from running. */
export async function loadRunnableConfig(
  input: ConfigInput,
): Promise<LoadedConfig & { readonly network: Network }> {
  const read = await readConfig(input);
  const { network, refused } = await tryInputs(read);
  const faults: ConfigFault[] = [
    ...read.faults,
    ...refused.map(({ path, error }) => faultAt(path, oneLine(error.message), read, error.hint)),
  ];
  if (read.config === null || network === undefined || faults.length > 0) {
    throw configError(faults, input.file);
  }
  return { config: read.config, origins: read.origins, network };
}

interface RefusedInput {
  readonly path: string;
  readonly error: ConfigError;
}

/** Of the parts of a configuration that have no fault of their own. */
async function tryInputs(
  read: ReadConfig,
): Promise<{ readonly network: Network | undefined; readonly refused: RefusedInput[] }> {
  const refused: RefusedInput[] = [];
  const attempt = async <Result>(path: string, work: () => Result | Promise<Result>) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      refused.push({ path, error });
      return undefined;
    }
  };
  const { source, target, network: named } = read.sound;
  const network =
    named === undefined
      ? undefined
      : await attempt("network", () => networkOfConfig({ network: named }));
  if (network !== undefined) await attemptInputs(read, network, attempt);
  if (target !== undefined) await attempt("target.store", () => publishingStoreUrl({ target }));
  if (source !== undefined && target !== undefined) {
    await attempt("target.database", () => requireTwoDatabases({ source, target }));
  }
  return { network, refused };
}

type Attempt = <Result>(path: string, work: () => Result) => Promise<Result | undefined>;

/** What the configuration leaves out, the network has to name. */
async function attemptInputs(
  { sound, faults }: ReadConfig,
  network: Network,
  attempt: Attempt,
): Promise<void> {
  const isWrong = (key: keyof Config) => faults.some(({ path }) => path.split(".")[0] === key);
  const { source } = sound;
  if (!isWrong("genesisLedger")) {
    await attempt("genesisLedger", () => genesisLedgerUrl(sound, network));
  }
  if (!isWrong("blocks")) {
    await attempt("blocks", () => blocksUrls(sound, network, () => undefined));
  }
  if (source !== undefined) await attempt("source", () => sourceDumpsUrl({ source }, network));
}

function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, " ");
}
