// The chain check on mainnet's own blocks, orphans among them.

import { FormatError, type StateHash } from "@forklift/chain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeProtocolState } from "../src/decode-protocol-state.ts";
import type { ConsensusState, ProtocolState } from "../src/protocol-state.ts";
import { hashProtocolState, hashProtocolStates } from "../src/protocol-state-hash.ts";
import { acceptParents, trustedBlock, UntrustedBlockError } from "../src/trusted-chain.ts";
import { type BlockFiles, hasMainnetData, readShared, unpackBlocks } from "./mainnet-data.ts";

/** Of height 150. */
const TIP = "3NKWovz2sP2AnyVHXoKYgo7ZwZmP9Ud2vVp2uPRCd46XyRC4zew3" as StateHash;
const GENESIS = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ" as StateHash;

describe.skipIf(!hasMainnetData)("from a trusted state hash", () => {
  let blocks: BlockFiles;
  /** Child before parent, from height 150 to genesis. */
  const chain: ProtocolState[] = [];
  beforeAll(() => {
    blocks = unpackBlocks();
    for (let hash = TIP; hash !== GENESIS; ) {
      const state = stateOf(hash);
      chain.push(state);
      hash = state.previousStateHash;
    }
    chain.push(decode(JSON.parse(readShared(`data/mainnet/mainnet-1-${GENESIS}.json`))));
  });
  afterAll(() => blocks[Symbol.dispose]());

  const decode = (block: unknown) =>
    decodeProtocolState((block as { protocol_state: unknown }).protocol_state);
  const stateOf = (hash: string) => decode(blocks.read(hash));

  function withConsensus(state: ProtocolState, changes: Partial<ConsensusState>): ProtocolState {
    const consensusState = { ...state.body.consensusState, ...changes };
    return { ...state, body: { ...state.body, consensusState } };
  }

  function refusal(accept: () => unknown): UntrustedBlockError {
    try {
      accept();
    } catch (error) {
      expect(error).toBeInstanceOf(UntrustedBlockError);
      return error as UntrustedBlockError;
    }
    throw new Error("accepted");
  }

  test("every parent down to genesis is accepted, at once and one by one", () => {
    expect(chain).toHaveLength(150);
    expect(acceptParents(trustedBlock(TIP, 150n), chain)).toBeNull();
    let next = acceptParents(trustedBlock(TIP), []);
    for (const [at, state] of chain.entries()) {
      expect(next?.stateHash).toBe(hashProtocolState(state));
      expect(next?.height).toBe(at === 0 ? null : BigInt(150 - at));
      next = acceptParents(next, [state]);
    }
    expect(next).toBeNull();
  });

  test("state hashes come out the same, hashed together or alone", () => {
    expect(hashProtocolStates(chain)).toStrictEqual(chain.map(hashProtocolState));
    expect(hashProtocolStates([])).toStrictEqual([]);
  });

  test("an orphan is refused at its height, with both hashes", () => {
    const canonical = new Set(hashProtocolStates(chain));
    const orphans = blocks.names.filter(
      ({ height, stateHash }) => height < 150n && !canonical.has(stateHash),
    );
    expect(orphans.length).toBeGreaterThan(100);
    const awaited = [acceptParents(trustedBlock(TIP), [])];
    for (const state of chain) awaited.push(acceptParents(awaited.at(-1)!, [state]));
    for (const { height, stateHash } of orphans) {
      const next = awaited[150 - Number(height)]!;
      expect(next?.height).toBe(height);
      const error = refusal(() => acceptParents(next, [stateOf(stateHash)]));
      expect(error).toMatchObject({ height, expected: next?.stateHash, found: stateHash });
      expect(error.message).toBe(
        `height ${height}: recomputed state hash ${stateHash}, expected ${next?.stateHash}`,
      );
    }
  });

  test("an altered block is refused, wherever it stands", () => {
    for (const at of [0, 1, 77, 148, 149]) {
      const { totalCurrency } = chain[at]!.body.consensusState;
      const altered = withConsensus(chain[at]!, { totalCurrency: totalCurrency + 1n });
      const error = refusal(() => acceptParents(trustedBlock(TIP), chain.with(at, altered)));
      expect(error.height).toBe(BigInt(150 - at));
      expect(error.expected).toBe(hashProtocolState(chain[at]!));
      expect(error.found).toBe(hashProtocolState(altered));
    }
  });

  test("blocks in another order, left out or given twice are refused", () => {
    const [first, second, third] = chain as [ProtocolState, ProtocolState, ProtocolState];
    for (const order of [
      [second],
      [first, third],
      [first, first],
      [third, second, first],
      [first, second, first],
    ]) {
      refusal(() => acceptParents(trustedBlock(TIP), order));
    }
  });

  test("a child that names a parent of another height is not followed", () => {
    const [tip, parent] = chain as [ProtocolState, ProtocolState];
    const early = withConsensus(tip, { blockchainLength: 152n });
    const next = acceptParents(trustedBlock(hashProtocolState(early)), [early]);
    const error = refusal(() => acceptParents(next, [parent]));
    expect(error.message).toBe(
      `height 151: block ${tip.previousStateHash} has height 149, expected 151`,
    );
    expect(refusal(() => acceptParents(trustedBlock(TIP, 149n), [tip])).message).toBe(
      `height 149: block ${TIP} has height 150, expected 149`,
    );
  });

  test("nothing follows the genesis block, and nothing lies below it", () => {
    const genesis = chain.at(-1)!;
    expect(acceptParents(trustedBlock(GENESIS), [genesis])).toBeNull();
    const error = refusal(() => acceptParents(null, [genesis]));
    expect(error).toMatchObject({ height: 1n, expected: null, found: GENESIS });
    expect(error.message).toContain("the chain ended at genesis");
    const below = withConsensus(genesis, { blockchainLength: 0n });
    const hash = hashProtocolState(below);
    expect(refusal(() => acceptParents(trustedBlock(hash), [below])).message).toBe(
      `height 0: block ${hash} has height 0, expected at least 1`,
    );
  });

  test("a chain has one genesis block, which its blocks name and its end is", () => {
    const [parent, child] = [chain.at(-3)!, chain.at(-4)!];
    const stranger = { ...parent, body: { ...parent.body, genesisStateHash: TIP } };
    const heir = { ...child, previousStateHash: hashProtocolState(stranger) };
    const trusted = trustedBlock(hashProtocolState(heir));
    expect(refusal(() => acceptParents(trusted, [heir, stranger])).message).toContain(
      `descends from genesis ${TIP}, expected ${GENESIS}`,
    );
    const impostor = withConsensus(chain.at(-1)!, { totalCurrency: 1n });
    const second = { ...chain.at(-2)!, previousStateHash: hashProtocolState(impostor) };
    const error = refusal(() =>
      acceptParents(trustedBlock(hashProtocolState(second)), [second, impostor]),
    );
    expect(error.message).toContain(`expected ${GENESIS}, which its descendants name`);
  });

  test("a state with a malformed hash is a malformed state, not an untrusted one", () => {
    const broken = { ...chain[0]!, previousStateHash: "3N" as StateHash };
    expect(() => acceptParents(trustedBlock(TIP), [broken])).toThrow(FormatError);
  });
});
