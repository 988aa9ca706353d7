// What the commands of a block are to rest on besides the one file that they come from: signatures that are checked,
// and other sources that hold the same.

import { randomInt } from "node:crypto";
import type { SignatureShare } from "@forklift/chain";
import type { SignatureKind } from "@forklift/ledger";
import { ConfigError } from "@forklift/pipeline";
import type { WantedBlock } from "./verify/block-source.ts";

/** As an operator asks for it. */
export interface CommandGrounds {
  readonly signatures: SignatureShare;
  /** Sources that must hold the same, a source archive among them; 1: none besides. */
  readonly agree: number;
}

/** As it is asked of the sources of blocks. */
export type BlockGrounds = Pick<WantedBlock, "checksSignatures" | "agree">;

interface Asked {
  /** By whose rules the network signs. */
  readonly signatureKind: SignatureKind;
  /** Whether what the sources hold is compared with a source archive, which counts as one of them. */
  readonly hasArchive: boolean;
}

/** Of each block anew: a share of them is drawn at random, so that nobody knows before which ones. */
export function drawGrounds(
  { signatures, agree }: CommandGrounds,
  { signatureKind, hasArchive }: Asked,
): () => BlockGrounds {
  const origins = filesToAgree(agree, hasArchive);
  const agreeing = origins > 1 ? { agree: origins } : {};
  const percent = percentOf(signatures);
  return () =>
    randomInt(100) < percent ? { ...agreeing, checksSignatures: signatureKind } : agreeing;
}

function percentOf(share: SignatureShare): number {
  if (share.which === "share") return share.percent;
  return share.which === "none" ? 0 : 100;
}

/** Of the sources that are to agree, those of blocks: one at least, whose file is used. */
export function filesToAgree(agree: number, hasArchive: boolean): number {
  return Math.max(1, hasArchive ? agree - 1 : agree);
}

/** @throws ConfigError when more sources are to agree than there are: each block would be found out one by one. */
export function requireOrigins(
  { origins }: { readonly origins: readonly string[] },
  { agree }: Pick<CommandGrounds, "agree">,
  { hasArchive }: Pick<Asked, "hasArchive">,
): void {
  const wanted = filesToAgree(agree, hasArchive);
  if (wanted <= origins.length) return;
  const archive = hasArchive ? ", besides the source archive" : "";
  throw new ConfigError(
    `${agree} sources are to agree on every block, and there are ${origins.length} of blocks${archive}: ` +
      origins.join(", "),
    { hint: "name blocks of more operators, or ask fewer to agree" },
  );
}
