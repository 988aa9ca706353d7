// Hashes by which a real node's archive of mainnet names commands of the heights in the tests' names.

import { FormatError, parseMemo, parsePublicKey } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import {
  hashCoinbase,
  hashFeeTransfer,
  hashUserCommand,
  readSignature,
  signatureText,
  type UnhashedCommand,
} from "../src/block/transaction-hash.ts";

const PAYER = parsePublicKey("B62qre3erTHfzQckNuibViWQGyyKwZseztqrjPZBv6SQF384Rg6ESAy");

const FIRST_PAYMENT: UnhashedCommand = {
  type: "payment",
  feePayer: PAYER,
  source: PAYER,
  receiver: parsePublicKey("B62qjYanmV7y9njVeH5UHkz3GYBm7xKir1rAnoY4KsEYUGLMiU45FSM"),
  nonce: 0n,
  amount: 1000n,
  fee: 10_000_000n,
  validUntil: null,
  memo: parseMemo("E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH"),
};

/** One account sent all four, to one that it could not open. */
const PAYMENTS_OF_HEIGHT_3 = [
  {
    nonce: 0n,
    amount: 1000n,
    fee: 10_000_000n,
    signature:
      "7mX45cVKBnaSYsoEgmxDbV5uTCwVLc8hB95wtBBogTe85CsoUVrxyrJ4mgfdWExMai9ey1LkBWfrUMECsicrygDnMfNL888x",
    hash: "CkpZirFuoLVVab6x2ry4j8Ld5gMmQdak7VHW6f5C7VJYE34WAEWqa",
  },
  {
    nonce: 1n,
    amount: 10_000n,
    fee: 50_000_000n,
    signature:
      "7mXQvCfYTWWRsqZL8taHRcLTRT1zzszAd9Pdw4S55JCmEkqrZVbWSTmRgnLTmEk3RewCsHjW2N8Dfccm8jNYkxvtWuzVWb2u",
    hash: "CkpZB4WE3wDRJ4CqCXqS4dqF8hoRQDVK8banePKUgTR6kvhTfyjRp",
  },
  {
    nonce: 2n,
    amount: 1000n,
    fee: 10_000_000n,
    signature:
      "7mXCmXbxJYGbtS2mygUcTPX95vzaTm4eQ2cifhattfymyLKQsje4YCo4Babf3Y3SKa9CHFeopffcz9xrXH2S4XNbcRSFMsdG",
    hash: "CkpYeG32dVJUjs6iq3oroXWitXar1eBtV3GVFyH5agw7HPp9bG4yQ",
  },
  {
    nonce: 3n,
    amount: 10_000n,
    fee: 50_000_000n,
    signature:
      "7mXWG7F1oR2shGiyXgPoRKzDusYg5ijqVTJR3YgxYFfdHjPXZss6xaMVNDzbMTSxZxkSXKz7N8pxTeCbEoLhH98kUUrHwQtF",
    hash: "CkpZ1u12zrTuEttp7QktfEy7wosHrPV6r3DJkq4sA9f1yKgEqmj5k",
  },
];

const SIGNED = {
  signer: PAYER,
  signature: readSignature(PAYMENTS_OF_HEIGHT_3[0]!.signature).text,
};

describe("the archived hash of", () => {
  test("a coinbase (height 2)", () => {
    const receiver = parsePublicKey("B62qqa9g4CFfkSuX2j22S52z6UfcDcS9tMTgQrFKZ21v7GrEP6Zu5Tc");
    expect(hashCoinbase({ receiver, amount: 720_000_000_000n, feeTransfer: null })).toBe(
      "CkpYRmaupHUoLHAeZ9v6S872Au2A32aY7R5jWB6bZXT4JYzX6ojbr",
    );
  });

  test.each(PAYMENTS_OF_HEIGHT_3)(
    "the payment $hash (height 3)",
    ({ hash, signature, ...parts }) => {
      const signed = { signer: PAYER, signature: readSignature(signature).text };
      expect(hashUserCommand({ ...FIRST_PAYMENT, ...parts }, signed)).toBe(hash);
    },
  );

  test("a fee transfer (height 3)", () => {
    const receiver = parsePublicKey("B62qqSUUCnoC8Vehw5xwhrnaNxhk6Xe3FcBhngoxyXCbJBfvVhiqia1");
    expect(hashFeeTransfer({ receiver, fee: 120_000_000n })).toBe(
      "CkpZTUHQiw6akH2nhGgq2w5Ha2CeKZmxYBPTRsb8W8XVmUWHCw9Be",
    );
  });

  test("a delegation (height 127)", () => {
    const key = parsePublicKey("B62qrCz3ehCqi8Pn8y3vWC9zYEB9RKsidauv15DeZxhzkxL3bKeba5h");
    const command: UnhashedCommand = {
      ...FIRST_PAYMENT,
      type: "delegation",
      feePayer: key,
      source: key,
      receiver: key,
      amount: null,
      memo: parseMemo("E4YTmeovYUFz4uknBcuvjKkhYCTCAFg3U6fUoT8WcNdRWLHxvHUzS"),
    };
    const signature = readSignature(
      "7mXKJ8mjPLe2LA7N5HnQfMwMLJSBazD48CyCBVyAVnpNhseF7yCCjSdCNcpSeC6qL7hKUXBFmcQTFptawPgJ9GBZzoHzJ1LK",
    ).text;
    expect(hashUserCommand(command, { signer: key, signature })).toBe(
      "CkpYvcs1BXptgc73YD6KE7rALQFkWAz4fvnAemCYHsLP4Y4ZiCemT",
    );
  });

  test("a coinbase with a fee transfer (height 583)", () => {
    const receiver = parsePublicKey("B62qrdhG66vK71Jbdz6Xs7cnDxQ8f6jZUFvefkp3pje4EejYUTvotGP");
    const prover = parsePublicKey("B62qjWchpjVwmbEazciy3VSBZhJNVF28RcDQirLFpH2rvfmDrtXL382");
    const feeTransfer = { receiver: prover, fee: 24_000_459n };
    expect(hashCoinbase({ receiver, amount: 1_440_000_000_000n, feeTransfer })).toBe(
      "CkpaGkWqpXU8aQ3Qa8N7rxhKMWBZ7viDJL7atKBz92XMX69RauLpS",
    );
  });
});

test("every part of a command changes its hash", () => {
  const other = parsePublicKey("B62qjWchpjVwmbEazciy3VSBZhJNVF28RcDQirLFpH2rvfmDrtXL382");
  const variants: Partial<UnhashedCommand>[] = [
    {},
    { type: "delegation" },
    { feePayer: other },
    { source: other },
    { receiver: other },
    { nonce: 1n },
    { amount: 1001n },
    { fee: 10_000_001n },
    { validUntil: 0n },
    { memo: parseMemo("E4YTmeovYUFz4uknBcuvjKkhYCTCAFg3U6fUoT8WcNdRWLHxvHUzS") },
  ];
  const hashes = variants.map((part) => hashUserCommand({ ...FIRST_PAYMENT, ...part }, SIGNED));
  hashes.push(hashUserCommand(FIRST_PAYMENT, { ...SIGNED, signer: other }));
  hashes.push(
    hashUserCommand(FIRST_PAYMENT, { ...SIGNED, signature: signatureText(new Uint8Array(64)) }),
  );
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("a signature is a text with its version byte and 65 bytes", () => {
  const { text, bytes } = readSignature(signatureText(new Uint8Array(64).fill(7)));
  expect(text).toMatch(/^7m/);
  expect(bytes).toStrictEqual(Uint8Array.of(1, ...new Uint8Array(64).fill(7)));
  expect(() => readSignature(PAYER)).toThrow(FormatError);
});
