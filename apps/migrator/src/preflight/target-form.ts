// Detects the form in which a target was written: a table in two forms would be neither ours nor
// the official one.

import { readGenesisTexts, readVrfOutputAt } from "@forklift/archive";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { genesisColumnsOf } from "../blocks/merge-block.ts";
import type { MigratorContext } from "../context.ts";
import { type GenesisValues, genesisValues } from "./genesis-values.ts";

/** 32 bytes in base64; encoded twice they take 60. */
const VRF_OUTPUT_CHARACTERS = 44;

/** The first block above genesis, whose row has no form of its own. */
const SECOND_HEIGHT = 2n;

type Asked = Pick<MigratorContext, "form" | "network">;

/** @throws ConfigError when the target's blocks stand in another form than the requested one. */
export async function requireSameForm(target: Session, asked: Asked): Promise<void> {
  await requireSameVrfOutput(target, asked);
  await requireSameGenesis(target, asked);
}

async function requireSameVrfOutput(target: Session, { form }: Asked): Promise<void> {
  const vrfOutput = await readVrfOutputAt(target, SECOND_HEIGHT);
  if (vrfOutput === null) return;
  const found = vrfOutput.length !== VRF_OUTPUT_CHARACTERS;
  if (found === form.isVrfOutputOfficial) return;
  throw otherForm(target, "last_vrf_output", "--official-vrf-output", { found });
}

/** The official form has no mark of its own: it is whatever the given file says. */
async function requireSameGenesis(target: Session, { form, network }: Asked): Promise<void> {
  const texts = await readGenesisTexts(target);
  if (texts === null) return;
  const found = genesisValues(texts);
  const own = genesisValues(genesisColumnsOf(network.genesis.protocolState));
  const official = form.officialGenesis && genesisValues(form.officialGenesis);
  const difference = firstDifference(found, official ?? own);
  if (difference === null) return;
  const isOwn = firstDifference(found, own) === null;
  if (official === null || isOwn) {
    throw otherForm(target, "its genesis row", "--official-genesis", { found: !isOwn, difference });
  }
  throw new ConfigError(
    `the genesis row of the target ${target.maskedUrl} is not the given official one: ${difference}`,
    { hint: "give the genesis values that this target was begun with" },
  );
}

/** Named, with both values; null when all are equal. */
function firstDifference(found: GenesisValues, expected: GenesisValues): string | null {
  const name = Object.keys(expected).find((key) => found[key] !== expected[key]);
  return name === undefined ? null : `${name} is ${found[name]}, expected ${expected[name]}`;
}

interface OtherForm {
  /** Whether the target is in the official form; this run is to write the other one. */
  readonly found: boolean;
  readonly difference?: string;
}

function otherForm(
  target: Session,
  what: string,
  option: string,
  { found, difference }: OtherForm,
): ConfigError {
  const nameOf = (isOfficial: boolean) => (isOfficial ? "the official form" : "our own form");
  const values = difference === undefined ? "" : `: ${difference}`;
  return new ConfigError(
    `the target ${target.maskedUrl} has ${what} in ${nameOf(found)}, this run is to write ` +
      `${nameOf(!found)}${values}`,
    { hint: `run ${found ? "with" : "without"} ${option}, or start from an empty target` },
  );
}
