// The assembler on its own: what it encodes, the engine must read.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantiate } from "../src/wasm/instantiate.ts";
import {
  type Code,
  call,
  doWhile,
  get,
  i32,
  i32x4,
  i64,
  i64x2,
  select,
  set,
} from "../src/wasm/instructions.ts";
import { ModuleBuilder } from "../src/wasm/module-builder.ts";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly run: (...operands: number[]) => void;
}

describe("an assembled module", () => {
  test("holds constants of any 32 bits", () => {
    const constant = fc.oneof(
      fc.integer(),
      fc.constantFrom(-(2 ** 31), -65, -64, -1, 0, 63, 64, 127, 128, 8191, 8192, 2 ** 31 - 1),
    );
    fc.assert(
      fc.property(constant, (value) => {
        const module = new ModuleBuilder(1);
        const store = [
          i32.store(i32.constant(0), i32.constant(value)),
          i64.store(i32.constant(8), i64.constant(value)),
        ];
        module.export(
          "run",
          module.add([], () => store),
        );
        const { memory, run } = instantiate<Exports>(module.assemble());
        run();
        const view = new DataView(memory.buffer);
        expect(view.getInt32(0, true)).toBe(value);
        expect(view.getBigInt64(8, true)).toBe(BigInt(value));
      }),
    );
  });

  test("calls, loops, chooses and is given its data", () => {
    const module = new ModuleBuilder(1);
    module.data(300, Uint8Array.of(5, 0, 0, 0));
    const addTo = module.add(["i32", "i32"], (_, address, term) =>
      i32.store(get(address!), i32.add(i32.load(get(address!)), get(term!))),
    );
    const sumUpTo = module.add(["i32"], (newLocal, count) => {
      const negative = newLocal("i64");
      return [
        set(negative, i64.constant(-1)),
        doWhile(
          [
            call(addTo, i32.constant(300), get(count!)),
            set(count!, i32.sub(get(count!), i32.constant(1))),
          ],
          get(count!),
        ),
        i32.store(
          i32.constant(304),
          select(i64.lessThanZero(get(negative)), i32.constant(1), i32.constant(2)),
        ),
      ];
    });
    module.export("run", sumUpTo);
    const { memory, run } = instantiate<Exports>(module.assemble());
    run(200);
    const view = new DataView(memory.buffer);
    expect(view.getUint32(300, true)).toBe(5 + (200 * 201) / 2);
    expect(view.getUint32(304, true)).toBe(1);
  });

  test("works on two numbers at once", () => {
    const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const constant = fc.nat({ max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.tuple(bits, bits), fc.tuple(bits, bits), constant, (left, right, number) => {
        const module = new ModuleBuilder(1);
        const address = i32.constant(0);
        const [a, b] = [i64x2.load(address), i64x2.load(address, 16)];
        const factor = (value: Code) => i32x4.lowHalves(value, value);
        const cases: [Code, (x: bigint, y: bigint) => bigint][] = [
          [i64x2.add(a, b), (x, y) => x + y],
          [i64x2.sub(a, b), (x, y) => x - y],
          [i64x2.and(a, b), (x, y) => x & y],
          [i64x2.shiftLeft(a, i32.constant(29)), (x) => x << 29n],
          [i64x2.shiftRight(a, i32.constant(29)), (x) => x >> 29n],
          [i64x2.constant(number), () => BigInt(number)],
          [i64x2.load64Splat(address), () => left[0]],
          [i32x4.multiplyLow(factor(a), factor(b)), (x, y) => low(x) * low(y)],
          [
            i32x4.multiplyLow(i32x4.add(factor(a), i32x4.constant(number)), i32x4.constant(number)),
            (x) => low(x + BigInt(number)) * BigInt(number),
          ],
        ];
        const stores = cases.map(([value], at) => i64x2.store(address, value, 32 + 16 * at));
        module.export(
          "run",
          module.add([], () => stores),
        );
        const { memory, run } = instantiate<Exports>(module.assemble());
        const words = new BigUint64Array(memory.buffer);
        words.set([...left, ...right]);
        run();
        for (const [at, [, expected]] of cases.entries()) {
          for (const lane of [0, 1] as const) {
            const value = BigInt.asUintN(64, expected(left[lane], right[lane]));
            expect(words[4 + 2 * at + lane]).toBe(value);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

function low(value: bigint): bigint {
  return BigInt.asUintN(32, value);
}
