// Whether the user commands of blocks are signed by those who pay for them: of all blocks that are verified together at
// once, since a signature among many takes a fraction of the time of one alone.

import { type SignatureKind, type SignedCommand, wrongSignatures } from "@forklift/ledger";

export interface SignatureVerdict {
  readonly checked: number;
  /** Places in `userCommands`, ascending. */
  readonly wrong: readonly number[];
}

export interface SignedBlock {
  /** In the order of application. */
  readonly signed: readonly SignedCommand[];
  /** By whose rules they are signed; undefined where nobody asks. */
  readonly kind: SignatureKind | undefined;
}

/** In the order of the blocks; null for those that nobody asks about. */
export function checkSignatures(blocks: readonly SignedBlock[]): (SignatureVerdict | null)[] {
  const wrong = blocks.map((): number[] => []);
  for (const kind of new Set(blocks.map((block) => block.kind))) {
    if (kind === undefined) continue;
    const all = blocks.flatMap((block, at) =>
      block.kind === kind ? block.signed.map((signed, place) => ({ signed, at, place })) : [],
    );
    for (const index of wrongSignatures(
      all.map(({ signed }) => signed),
      kind,
    )) {
      const { at, place } = all[index]!;
      wrong[at]!.push(place);
    }
  }
  return blocks.map(({ signed, kind }, at) =>
    kind === undefined ? null : { checked: signed.length, wrong: wrong[at]! },
  );
}
