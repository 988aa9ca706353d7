// A seeded source of numbers: xoshiro128**, whose 128 bits of state splitmix32 fills from the seed.
// Not for secrets; for the same sample on every machine.

export interface Random {
  /** 0 ≤ n < limit. @throws RangeError for a limit above 2^32 or below 1. */
  below(limit: number): number;
  /** 0 ≤ n < limit. @throws RangeError for a limit below 1. */
  bigBelow(limit: bigint): bigint;
  /** True once in that many calls, on average. */
  oneIn(count: number): boolean;
  bytes(count: number): Uint8Array;
  /** @throws RangeError for an empty list. */
  pick<T>(list: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
}

const TWO_TO_32 = 2 ** 32;

/** @param seed a non-negative safe integer. */
export function createRandom(seed: number): Random {
  const fill = createSplitmix((seed ^ Math.floor(seed / TWO_TO_32)) >>> 0);
  const next = createXoshiro([fill(), fill(), fill(), fill()]);

  function below(limit: number): number {
    if (limit < 1 || limit > TWO_TO_32) throw new RangeError(`no number below ${limit}`);
    // The rest of the range would favour small numbers.
    const fair = TWO_TO_32 - (TWO_TO_32 % limit);
    for (;;) {
      const drawn = next();
      if (drawn < fair) return drawn % limit;
    }
  }

  function bytes(count: number): Uint8Array {
    const words = Buffer.alloc(4 * Math.ceil(count / 4));
    for (let at = 0; at < words.length; at += 4) words.writeUInt32LE(next(), at);
    return words.subarray(0, count);
  }

  function pick<T>(list: readonly T[]): T {
    return list[below(list.length)]!;
  }

  return {
    below,
    bytes,
    pick,
    bigBelow(limit) {
      if (limit < 1n) throw new RangeError(`no number below ${limit}`);
      const bits = (limit - 1n).toString(2).length;
      for (;;) {
        const drawn = BigInt(`0x${Buffer.from(bytes(Math.ceil(bits / 8))).toString("hex")}`);
        const cut = BigInt.asUintN(bits, drawn);
        if (cut < limit) return cut;
      }
    },
    oneIn: (count) => below(count) === 0,
    shuffled(list) {
      const items = [...list];
      for (let last = items.length - 1; last > 0; last--) {
        const other = below(last + 1);
        [items[last], items[other]] = [items[other]!, items[last]!];
      }
      return items;
    },
  };
}

/** 32 bits a call. */
export function createXoshiro(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return result;
  };
}

function createSplitmix(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
