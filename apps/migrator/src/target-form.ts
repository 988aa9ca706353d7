// In which form a target was written: a table in two forms would be neither ours nor the official one.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { MigratorWorld } from "./world.ts";

/** 32 bytes in base64; encoded twice they take 60. */
const VRF_OUTPUT_CHARACTERS = 44;

/** @throws ConfigError when the target's blocks stand in another form than the asked one. */
export async function requireSameForm(
  target: Session,
  { form, network }: Pick<MigratorWorld, "form" | "network">,
): Promise<void> {
  const rows = await target.query<{ height: string; vrf_output: string; snarked: string }>(
    `select b.height, b.last_vrf_output as vrf_output, snarked.value as snarked
     from blocks b join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
     where b.height <= 2`,
  );
  const at = (height: string) => rows.find((row) => row.height === height);
  const [genesis, second] = [at("1"), at("2")];
  if (second !== undefined) {
    requireSame(target, "last_vrf_output", "--official-vrf-output", {
      found: second.vrf_output.length !== VRF_OUTPUT_CHARACTERS,
      asked: form.isVrfOutputOfficial,
    });
  }
  if (genesis === undefined) return;
  const own = network.genesis.protocolState.body.blockchainState.snarkedLedgerHash;
  requireSame(target, "its genesis row", "--official-genesis", {
    found: genesis.snarked !== own,
    asked: form.officialGenesis !== null,
  });
  const official = form.officialGenesis?.snarkedLedgerHash;
  if (official === undefined || official === genesis.snarked) return;
  throw new ConfigError(
    `the genesis row of the target ${target.maskedUrl} has snarked ledger hash ${genesis.snarked}, ` +
      `the given official one has ${official}`,
    { hint: "give the genesis values that this target was begun with" },
  );
}

/** Whether each is in the official form. */
interface Official {
  readonly found: boolean;
  readonly asked: boolean;
}

function requireSame(
  target: Session,
  what: string,
  option: string,
  { found, asked }: Official,
): void {
  if (found === asked) return;
  const nameOf = (isOfficial: boolean) => (isOfficial ? "the official form" : "our own form");
  throw new ConfigError(
    `the target ${target.maskedUrl} has ${what} in ${nameOf(found)}, this run is to write ` +
      `${nameOf(asked)}`,
    { hint: `run ${found ? "with" : "without"} ${option}, or start from an empty target` },
  );
}
