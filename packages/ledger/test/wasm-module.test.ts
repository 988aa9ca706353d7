// The assembler on its own: what it encodes, the engine must read.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantiate } from "../src/wasm/instantiate.ts";
import { call, doWhile, get, i32, i64, select, set } from "../src/wasm/instructions.ts";
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
});
