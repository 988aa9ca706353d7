// What a verification accepts of an archive that it did not make, or that has gone on since: the form of its
// schema, and what the official tool writes otherwise.

import {
  type ArchiveForm,
  goesOnAbove,
  isOurs,
  readFirstRows,
  readsMarks,
} from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { type OutputForm, officialGenesisOf } from "@forklift/migrator";
import type { Network } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { Accepted, LivingArchive } from "@forklift/verifier";

export interface LivingContext {
  readonly target: Session;
  readonly archiveForm: ArchiveForm;
  readonly network: Network;
  /** As the command line says it; what it does not say is taken from the archive. */
  readonly form: OutputForm;
}

export interface Described {
  /** Null for a target of ours, as we write it. */
  readonly archive: LivingArchive | null;
  readonly form: OutputForm;
  /** Whether an earlier run may have left a mark that counts. */
  readonly isMarked: boolean;
}

export async function describeArchive(
  { target, archiveForm, network, form }: LivingContext,
  anchor: BlockRef,
): Promise<Described> {
  const goesOn = await goesOnAbove(target, anchor);
  const { era, name, additions } = archiveForm;
  const isUpgraded = era === "mesa" || additions.length > 0;
  const isMarked = !goesOn && (await readsMarks(target));
  if (!goesOn && !isUpgraded && (await isOurs(target))) return { archive: null, form, isMarked };
  const official = await officialForm(target, network, form);
  const { accepted } = official;
  const archive = { form: name, additions, isUpgraded, goesOn, accepted };
  return { archive, form: official.form, isMarked };
}

/** Forms that the command line names are asked for, and not only accepted. */
async function officialForm(
  target: Session,
  network: Network,
  asked: OutputForm,
): Promise<{ readonly form: OutputForm; readonly accepted: readonly Accepted[] }> {
  const { genesis, vrfOutput } = await readFirstRows(target);
  const accepted: Accepted[] = [];
  let { isVrfOutputOfficial, officialGenesis } = asked;
  if (!isVrfOutputOfficial && vrfOutput !== null && isEncodedTwice(vrfOutput)) {
    isVrfOutputOfficial = true;
    accepted.push({
      id: "official-vrf-output",
      what: "last_vrf_output above genesis is encoded twice, as the official tool does",
      repair: null,
      unproven: null,
    });
  }
  const { snarkedLedgerHash } = network.genesis.protocolState.body.blockchainState;
  if (officialGenesis === null && genesis?.["snarkedLedgerHash"] !== snarkedLedgerHash) {
    const official = officialGenesisOf(genesis, network);
    if (typeof official !== "string") {
      officialGenesis = official;
      accepted.push({
        id: "official-genesis",
        what: "the genesis row has the values that a Berkeley daemon computes, as with the official tool",
        repair: null,
        unproven:
          "that the snarked ledger hash, the ledger hash, seed and lock checkpoint of the epochs and the " +
          "VRF output of the genesis row are those of the official tool",
      });
    }
  }
  return { form: { isVrfOutputOfficial, officialGenesis }, accepted };
}

/** 44 characters of base64, as the bytes of which the text is base64 once more. */
function isEncodedTwice(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}=$/.test(Buffer.from(text, "base64url").toString("latin1"));
}
