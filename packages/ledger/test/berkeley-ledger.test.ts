// The ledger of Berkeley, against the answers of an independent implementation.

import {
  FIELD_BYTES,
  fieldFromBytes,
  hashText,
  parsePublicKey,
  parseReceiptChainHash,
  publicKeyText,
} from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { type Account, newAccount } from "../src/accounts/account.ts";
import { tableOf } from "../src/accounts/account-objects.ts";
import { decodeGenesisLedger } from "../src/accounts/genesis-ledger.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { kimchiHash } from "../src/poseidon/hash-inputs.ts";
import {
  BERKELEY_LEAF_HASH,
  type BerkeleyExtras,
  MIGRATED,
  noZkappDigest,
  writeBerkeleyAccount,
} from "../src/tree/berkeley-account-hash.ts";
import { BERKELEY_TREE_RULES } from "../src/tree/berkeley-tree-rules.ts";
import { emptySubtrees } from "../src/tree/tree-rules.ts";
import { hasMainnetData, MAINNET_WINNER, readGenesisLedger, readShared } from "./mainnet-data.ts";
import { ALICE, BOB, VESTING } from "./small-ledger.ts";

const NOBODY = publicKeyText({ x: 0n, isOdd: false });

function hashOf(account: Account, extras: BerkeleyExtras = MIGRATED): string {
  const { prefix, pairs } = BERKELEY_LEAF_HASH;
  const input = new Uint8Array(2 * pairs * FIELD_BYTES);
  writeBerkeleyAccount(input, tableOf(account), 0, extras);
  return Buffer.from(kimchiHash.hash(prefix, input, pairs)).toString("hex");
}

/** A hash of 32 little-endian bytes as base58check. */
function textOf(hash: string): string {
  return hashText("ledgerHash", fieldFromBytes(Buffer.from(hash, "hex")));
}

describe("known values of Berkeley", () => {
  test("the smart-contract part of an account without one", () => {
    expect(Buffer.from(noZkappDigest()).toString("hex")).toBe(
      "00395af31c42e21670351694f2f326b2427f9b93fa19b1ffe86d31d183b6ae26",
    );
  });

  test("the empty ledger", () => {
    expect(new Ledger().berkeleyLedgerHash()).toBe(
      "jxHzqPEKtkAB9yo1YXcyoSJMisy7x5g9fzuJa1c95VoEqKhyNhJ",
    );
  });
});

describe.skipIf(!hasMainnetData)("the vectors of openmina", () => {
  interface Vectors {
    readonly accounts: readonly {
      readonly pk: string;
      readonly balance: string;
      readonly nonce: string;
      readonly delegate: "self" | null;
      readonly tokenSymbol: string;
      readonly verificationKeyTxnVersion: 2 | 3;
      readonly hash?: string;
      readonly hashBase58?: string;
    }[];
    readonly emptySubtreeByHeight: Readonly<Record<string, string>>;
  }
  const vectors = hasMainnetData
    ? (JSON.parse(readShared("reference/berkeley-ledger-vectors.json")) as Vectors)
    : { accounts: [], emptySubtreeByHeight: {} };

  test("accounts, with a nonce, a token symbol, no delegate and either version", () => {
    expect(vectors.accounts).toHaveLength(3);
    for (const vector of vectors.accounts) {
      const key = parsePublicKey(vector.pk);
      const account = {
        ...newAccount(key, BigInt(vector.balance)),
        nonce: BigInt(vector.nonce),
        delegate: vector.delegate === null ? NOBODY : key,
      };
      const hash = hashOf(account, {
        verificationKeyVersion: vector.verificationKeyTxnVersion,
        tokenSymbol: vector.tokenSymbol,
      });
      if (vector.hash !== undefined) expect(hash).toBe(vector.hash);
      else expect(textOf(hash)).toBe(vector.hashBase58);
    }
  });

  test("empty subtrees", () => {
    const subtrees = emptySubtrees(BERKELEY_TREE_RULES);
    for (const height of ["0", "5", "10", "11"]) {
      const hash = Buffer.from(subtrees[Number(height)]!).toString("hex");
      expect(hash).toBe(vectors.emptySubtreeByHeight[height]);
    }
  });

  test("the genesis accounts of mainnet", () => {
    const ledger = new Ledger(decodeGenesisLedger(readGenesisLedger(), MAINNET_WINNER));
    expect(ledger.berkeleyLedgerHash()).toBe("jxEEqz2SqzXGNwA6JaWASxQKydVcC97Fo3VKKRctwQdT5qzzJR7");
  });
});

interface RealAccount {
  readonly hashText: string;
  readonly account: {
    readonly pk: string;
    readonly tokenId: string;
    readonly tokenSymbol: string;
    readonly balance: string;
    readonly nonce: string;
    readonly receipt: string;
    readonly delegate: string | null;
    readonly timing: Readonly<
      Record<"imb" | "cliffTime" | "cliffAmount" | "vestingPeriod" | "vestingIncrement", string>
    > | null;
    readonly perms: Readonly<Record<string, string>>;
    readonly zkapp: unknown;
  };
}

describe.skipIf(!hasMainnetData)("accounts of mainnet and devnet after the fork", () => {
  const real = hasMainnetData
    ? (JSON.parse(readShared("data/berkeley/account-hash-vectors.json")) as RealAccount[])
    : [];

  /** Those that protocol 1.x could have held: no smart contract, no other token, nothing permitted. */
  const migratable = real.filter(({ account: { tokenId, perms, zkapp } }) => {
    const { txnVersion: _, ...changes } = perms;
    const open = Object.keys(changes).filter((change) => changes[change] === "none");
    const others = Object.values(changes).filter((who) => who !== "none" && who !== "signature");
    const isUsual = open.sort().join() === "access,receive" && others.length === 0;
    return tokenId === "1" && zkapp === null && isUsual;
  });

  test("have the hashes that their ledgers prove", () => {
    for (const { hashText: expected, account } of migratable) {
      const { timing, delegate, perms, tokenSymbol } = account;
      const hash = hashOf(
        {
          ...newAccount(parsePublicKey(account.pk), BigInt(account.balance)),
          nonce: BigInt(account.nonce),
          receiptChainHash: parseReceiptChainHash(
            hashText("receiptChainHash", BigInt(account.receipt)),
          ),
          delegate: delegate === null ? NOBODY : parsePublicKey(delegate),
          timing: timing && {
            initialMinimumBalance: BigInt(timing.imb),
            cliffTime: BigInt(timing.cliffTime),
            cliffAmount: BigInt(timing.cliffAmount),
            vestingPeriod: BigInt(timing.vestingPeriod),
            vestingIncrement: BigInt(timing.vestingIncrement),
          },
        },
        { verificationKeyVersion: Number(perms["txnVersion"]) as 2 | 3, tokenSymbol },
      );
      expect(textOf(hash), account.pk).toBe(expected);
    }
    expect(migratable).toHaveLength(8);
    expect(migratable.filter(({ account }) => account.timing !== null)).toHaveLength(2);
  });
});

describe("the hash of a migrated account", () => {
  const account = { ...newAccount(ALICE, 5n), timing: VESTING };

  test.each([
    ["key", { publicKey: BOB }],
    ["parity of the key", { publicKey: publicKeyText({ x: 1n, isOdd: true }) }],
    ["balance", { balance: 6n }],
    ["balance above 32 bits", { balance: 5n + 2n ** 63n }],
    ["nonce", { nonce: 1n }],
    ["delegate", { delegate: BOB }],
    ["parity of the delegate", { delegate: publicKeyText({ x: 1n, isOdd: true }) }],
    ["receipt chain", { receiptChainHash: hashText("receiptChainHash", 1n) }],
    ["vote", { votingFor: hashText("stateHash", 1n) }],
    ["being timed", { timing: null }],
    ...Object.entries(VESTING).flatMap(([part, value]): [string, object][] => [
      [part, { timing: { ...VESTING, [part]: value + 1n } }],
      [`${part}, its highest bit`, { timing: { ...VESTING, [part]: value ^ (1n << 31n) } }],
    ]),
  ])("depends on its %s", (_, change) => {
    expect(hashOf({ ...account, ...change })).not.toBe(hashOf(account));
  });

  test("is rehashed where it changed, beside the ledger of protocol 1.x", () => {
    const ledger = new Ledger([newAccount(ALICE, 1n), newAccount(BOB, 2n)]);
    const [legacy, berkeley] = [ledger.ledgerHash(), ledger.berkeleyLedgerHash()];
    ledger.replace(1, newAccount(BOB, 3n));
    const fresh = new Ledger([newAccount(ALICE, 1n), newAccount(BOB, 3n)]);
    expect(ledger.berkeleyLedgerHash()).toBe(fresh.berkeleyLedgerHash());
    expect(ledger.ledgerHash()).toBe(fresh.ledgerHash());
    ledger.replace(1, newAccount(BOB, 2n));
    expect([ledger.ledgerHash(), ledger.berkeleyLedgerHash()]).toStrictEqual([legacy, berkeley]);
  });
});
