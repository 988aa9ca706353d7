import fc from "fast-check";
import { expect, test } from "vitest";
import { highestCommonHeight } from "../../src/origin/archive-origin.ts";

test("finds the height after which two chains part, asking a few heights only", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt({ min: 1n, max: 400_000n }),
      fc.bigInt({ min: 0n, max: 400_000n }),
      async (heightMax, parting) => {
        let questions = 0;
        const common = await highestCommonHeight(heightMax, async (height) => {
          questions++;
          return height <= parting;
        });
        expect(common).toBe(parting < heightMax ? parting : heightMax);
        expect(questions).toBeLessThanOrEqual(20);
      },
    ),
  );
});
