// The counting of densities, against every real block whose parent is there.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { type ConsensusState, decodeProtocolState, type ProtocolState } from "@forklift/ledger";
import { isMainnetDataMissing, mainnetBlocks } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { nextDensities } from "../src/densities.ts";

/** Of mainnet: until then the least density of a window is not lowered. The sample has none. */
const GRACE_PERIOD_SLOTS = 1440n;

describe.skipIf(isMainnetDataMissing())("on mainnet", () => {
  test("densities follow from the parent's and the slot", async () => {
    const states = readStates(await mainnetBlocks());
    let compared = 0;
    for (const { previousStateHash, body } of states.values()) {
      const parent = states.get(previousStateHash)?.body.consensusState;
      if (parent === undefined) continue;
      const { globalSlotSinceGenesis: slot, ...found } = body.consensusState;
      const { densities, minimum } = nextDensities(parent, slot);
      expect(densities).toStrictEqual(found.subWindowDensities);
      if (slot >= GRACE_PERIOD_SLOTS) expect(minimum).toBe(found.minWindowDensity);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(3_900);
  });
});

function readStates(folder: string): Map<string, ProtocolState> {
  const entries = readdirSync(folder).map((name) => {
    const text = readFileSync(path.join(folder, name), "utf8");
    const json = JSON.parse(text) as { readonly protocol_state: unknown };
    return [parseBlockFileName(name)!.stateHash, decodeProtocolState(json.protocol_state)];
  });
  return new Map(entries as [string, ProtocolState][]);
}

const BEFORE: Pick<
  ConsensusState,
  "subWindowDensities" | "minWindowDensity" | "globalSlotSinceGenesis"
> = {
  subWindowDensities: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 1n, 2n, 3n, 4n],
  minWindowDensity: 30n,
  // In the third of the eleven sub-windows.
  globalSlotSinceGenesis: 14n,
};

describe("the window", () => {
  test("gains a block where it stands while the sub-window lasts", () => {
    expect(nextDensities(BEFORE, 15n)).toStrictEqual({
      densities: [1n, 2n, 4n, 4n, 5n, 6n, 7n, 1n, 2n, 3n, 4n],
      minimum: 30n,
    });
  });

  test("is judged when a sub-window begins, and loses those that passed", () => {
    // Slot 28 begins the fifth. The fourth had no block: 38 - 4 = 34 for the window before it.
    expect(nextDensities({ ...BEFORE, minWindowDensity: 35n }, 28n)).toStrictEqual({
      densities: [1n, 2n, 3n, 0n, 1n, 6n, 7n, 1n, 2n, 3n, 4n],
      minimum: 34n,
    });
    expect(nextDensities(BEFORE, 28n).minimum).toBe(30n);
  });

  test("is empty after a silence that is longer than it", () => {
    const { densities, minimum } = nextDensities(BEFORE, 14n + 84n);
    expect(densities.reduce((sum, density) => sum + density)).toBe(1n);
    expect(minimum).toBe(0n);
  });
});
