// Blocks of which the migration has taken something from their files, since the source lacks it or has it otherwise:
// there the source is no witness, and is not asked. Everything else that a check asks of such a block is asked.

/** What of a block the source may have otherwise; `all` where it lacks the block. */
export type HealedPart = "all" | "block" | "user commands" | "internal commands" | "creation fees";

/** By state hash. */
export type HealedParts = ReadonlyMap<string, ReadonlySet<HealedPart>>;

export const NOTHING_HEALED: HealedParts = new Map();

/** What the source has of a block. */
interface OfSource {
  readonly healed?: ReadonlySet<HealedPart> | undefined;
}

/** Whether it is not asked for one of the parts. */
export function isHealed({ healed }: OfSource, ...parts: readonly HealedPart[]): boolean {
  if (healed === undefined) return false;
  return healed.has("all") || parts.some((part) => healed.has(part));
}
