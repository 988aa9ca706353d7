import { createHash } from "node:crypto";
import { base58, createBase58check } from "@scure/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BASE58_BYTES_MAX, BASE58_TEXT_MAX, decodeBase58, encodeBase58 } from "../src/base58.ts";
import { decodeBase58check, encodeBase58check, FormatError } from "../src/index.ts";

/** Another implementation to compare with. */
const reference = createBase58check((bytes: Uint8Array) =>
  createHash("sha256").update(bytes).digest(),
);

/** Many of them begin with zeros, and many are all ones or all zeros. */
const bytes = fc
  .tuple(
    fc.nat({ max: 5 }),
    fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.array(fc.constantFrom(0, 0xff, 1), { maxLength: 80 }).map((list) => Uint8Array.from(list)),
    ),
  )
  .map(([zeros, rest]) => Uint8Array.from([...new Uint8Array(zeros), ...rest]));

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

describe("base58", () => {
  test("gives the texts of another implementation, and the bytes back", () => {
    fc.assert(
      fc.property(bytes, (input) => {
        const text = encodeBase58(input);
        expect(text).toBe(base58.encode(input));
        expect(decodeBase58(text)).toStrictEqual(input);
      }),
      { numRuns: 2_000 },
    );
  });

  test("reads every text of its digits as another implementation does", () => {
    const digits = fc.array(fc.constantFrom(...ALPHABET), { maxLength: BASE58_TEXT_MAX });
    fc.assert(
      fc.property(digits, (list) => {
        const text = list.join("");
        const decoded = decodeBase58(text);
        expect(decoded).toStrictEqual(base58.decode(text));
        expect(encodeBase58(decoded)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test("encodes what is long, up to a bound", () => {
    for (const byte of [0xff, 0x01, 0x80]) {
      for (let length = BASE58_BYTES_MAX - 12; length <= BASE58_BYTES_MAX; length++) {
        const long = Uint8Array.from({ length }, (_, at) => byte ^ (at * at * 7));
        expect(encodeBase58(long)).toBe(base58.encode(long));
        expect(encodeBase58(long.fill(byte))).toBe(base58.encode(long));
      }
    }
    expect(() => encodeBase58(new Uint8Array(BASE58_BYTES_MAX + 1))).toThrow("385 bytes");
  });

  test("divides exactly, also what divides without a rest", () => {
    const places = fc.nat({ max: 60 }).map((power) => 58n ** BigInt(power));
    const number = fc
      .tuple(places, fc.bigInt({ min: 1n, max: 58n ** 5n }), fc.constantFrom(-1n, 0n, 1n))
      .map(([power, times, step]) => power * times + step);
    fc.assert(
      fc.property(number, (value) => {
        const hex = value.toString(16);
        const input = Uint8Array.from(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
        expect(encodeBase58(input)).toBe(base58.encode(input));
      }),
      { numRuns: 3_000 },
    );
  });

  test("has each length of bytes around the limbs, lowest and highest", () => {
    for (let length = 0; length < 50; length++) {
      for (const input of [
        new Uint8Array(length),
        new Uint8Array(length).fill(0xff),
        new Uint8Array(length).fill(1, 0, 1),
        new Uint8Array(length).fill(1, Math.max(0, length - 1)),
      ]) {
        expect(encodeBase58(input)).toBe(base58.encode(input));
        expect(decodeBase58(encodeBase58(input))).toStrictEqual(input);
      }
    }
  });

  test.each(["0", "O", "I", "l", " ", "1 1", "é", "\u0131", "\u{1f600}", "11\u0000", "-"])(
    "does not take %j",
    (text) => {
      expect(() => decodeBase58(text)).toThrow(FormatError);
      expect(() => decodeBase58(text)).toThrow(/is no digit of base58/);
    },
  );

  test("takes no text longer than any that it may meet", () => {
    expect(decodeBase58("1".repeat(BASE58_TEXT_MAX))).toHaveLength(BASE58_TEXT_MAX);
    expect(() => decodeBase58("1".repeat(BASE58_TEXT_MAX + 1))).toThrow("257 characters");
  });
});

describe("base58check", () => {
  const version = fc.nat({ max: 255 });

  test("gives the texts of another implementation, and the payload back", () => {
    fc.assert(
      fc.property(version, bytes, (byte, payload) => {
        const text = encodeBase58check(byte, payload);
        expect(text).toBe(reference.encode(Uint8Array.from([byte, ...payload])));
        expect(decodeBase58check(text, byte, payload.length)).toStrictEqual(payload);
      }),
      { numRuns: 1_000 },
    );
  });

  test("takes only what it would print", () => {
    const digits = fc.array(fc.constantFrom(...ALPHABET), { maxLength: 60 });
    const any = fc.oneof(
      fc.string({ maxLength: 80, unit: "binary" }),
      digits.map((list) => list.join("")),
    );
    fc.assert(
      fc.property(any, version, fc.nat({ max: 80 }), (text, byte, payloadBytes) => {
        let payload: Uint8Array;
        try {
          payload = decodeBase58check(text, byte, payloadBytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          expect((error as FormatError).message.length).toBeLessThan(250);
          return;
        }
        expect(encodeBase58check(byte, payload)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test("finds every change of a single character or bit", () => {
    const digit = fc.constantFrom(...ALPHABET);
    fc.assert(
      fc.property(version, bytes, digit, fc.nat(), (byte, payload, other, bit) => {
        const text = encodeBase58check(byte, payload);
        for (let at = 0; at < text.length; at++) {
          if (text[at] === other) continue;
          const altered = text.slice(0, at) + other + text.slice(at + 1);
          expect(() => decodeBase58check(altered, byte, payload.length)).toThrow(FormatError);
        }
        // The checksum itself, bit by bit, which few characters change alone.
        const plain = decodeBase58(text);
        const flipped = Uint8Array.from(plain);
        flipped[plain.length - 1 - ((bit >> 3) & 3)]! ^= 1 << (bit & 7);
        const altered = encodeBase58(flipped);
        expect(() => decodeBase58check(altered, byte, payload.length)).toThrow("checksum");
      }),
      { numRuns: 200 },
    );
  });

  test.each(["", "1", "1111", "3N"])("%j is too short for a checksum", (text) => {
    expect(() => decodeBase58check(text, 0x10, 33)).toThrow("the checksum does not fit");
  });
});
