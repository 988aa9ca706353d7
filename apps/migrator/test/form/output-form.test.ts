import type { MigratedBlock } from "@forklift/archive";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  inForm,
  type OfficialGenesis,
  OWN_FORM,
  officialVrfOutput,
} from "../../src/form/output-form.ts";

/** As the precomputed blocks print them, and as the official tool's code leads to. */
const VECTORS = [
  [
    "kxE2yqNcrAbiZzNr6B7PhQtwxf8sZp5dwGf0fSdHvwA=",
    "a3hFMnlxTmNyQWJpWnpOcjZCN1BoUXR3eGY4c1pwNWR3R2YwZlNkSHZ3QT0=",
  ],
  [
    "zXGuyXhnAtL58CZNvaKKNi31vEsNS2Orih0yFoUBAwA=",
    "elhHdXlYaG5BdEw1OENaTnZhS0tOaTMxdkVzTlMyT3JpaDB5Rm9VQkF3QT0=",
  ],
] as const;

describe("officialVrfOutput", () => {
  test.each(VECTORS)("%s is encoded once more", (own, official) => {
    expect(officialVrfOutput(own)).toBe(official);
  });

  test("can be undone, always has 60 characters, and only those of the URL alphabet", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const own = `${Buffer.from(bytes).toString("base64url")}=`;
        const official = officialVrfOutput(own);
        expect(official).toMatch(/^[A-Za-z0-9_-]{59}=$/);
        expect(Buffer.from(official, "base64url").toString("ascii")).toBe(own);
      }),
    );
  });
});

describe("inForm", () => {
  const block = (height: bigint) =>
    ({ height, lastVrfOutput: VECTORS[0][0], snarkedLedgerHash: "jOwn" }) as MigratedBlock;
  const official = { lastVrfOutput: "theirs", snarkedLedgerHash: "jTheirs" } as OfficialGenesis;

  test("leaves a block as it is in our own form", () => {
    expect(inForm(block(1n), OWN_FORM)).toEqual(block(1n));
    expect(inForm(block(2n), OWN_FORM)).toEqual(block(2n));
  });

  test("encodes the VRF output of every block but genesis", () => {
    const form = { isVrfOutputOfficial: true, officialGenesis: null };
    expect(inForm(block(2n), form)).toEqual({ ...block(2n), lastVrfOutput: VECTORS[0][1] });
    expect(inForm(block(1n), form)).toEqual(block(1n));
  });

  test("gives the official values to genesis alone", () => {
    const form = { isVrfOutputOfficial: false, officialGenesis: official };
    expect(inForm(block(1n), form)).toEqual({ ...block(1n), ...official });
    expect(inForm(block(2n), form)).toEqual(block(2n));
  });
});
