// Block files that say something else than the network's, under the same state hash and with the same ledger after
// them: what no hash of the chain covers. Each is null for a block that has nothing to be forged.

interface SignedCommand {
  readonly payload: object;
  readonly signer: string;
  signature: string;
}

interface BlockJson {
  readonly staged_ledger_diff: { readonly diff: readonly (PreDiffJson | null)[] };
}

interface PreDiffJson {
  readonly commands: { readonly data: readonly [string, SignedCommand] }[];
  coinbase: unknown;
}

/** Two commands that have no account in common have changed their places. */
export function withSwappedCommands(block: string): string | null {
  return forged(block, ({ commands }) => {
    for (let at = 0; at + 1 < commands.length; at++) {
      const [one, other] = [commands[at]!, commands[at + 1]!];
      const keys = keysOf(one.data[1]);
      if (keysOf(other.data[1]).some((key) => keys.includes(key))) continue;
      commands.splice(at, 2, other, one);
      return true;
    }
    return false;
  });
}

/** The coinbase is paid in two parts instead of one. */
export function withSplitCoinbase(block: string): string | null {
  return forged(block, (preDiff) => {
    if (JSON.stringify(preDiff.coinbase) !== '["One",null]') return false;
    preDiff.coinbase = ["Two", null];
    return true;
  });
}

/** A command bears a signature that is well formed, of another command. */
export function withForeignSignature(block: string): string | null {
  return forged(block, ({ commands: [one, other] }) => {
    if (one === undefined || other === undefined) return false;
    one.data[1].signature = other.data[1].signature;
    return true;
  });
}

function forged(block: string, forge: (preDiff: PreDiffJson) => boolean): string | null {
  const json = JSON.parse(block) as BlockJson;
  const isForged = json.staged_ledger_diff.diff.some((part) => part !== null && forge(part));
  return isForged ? JSON.stringify(json) : null;
}

/** Of a payment or a delegation: whoever stands in it. */
function keysOf({ payload }: SignedCommand): readonly string[] {
  return JSON.stringify(payload).match(/B62\w+/g) ?? [];
}
