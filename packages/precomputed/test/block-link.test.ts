import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { hashProtocolState } from "@forklift/ledger";
import { mainnetBlocks } from "@forklift/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HEAD_BYTES, linkOf, readState, stateTextIn } from "../src/links/block-link.ts";
import { isMissing } from "./mainnet.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

function protocolStateIn(head: Uint8Array) {
  const text = stateTextIn(head);
  return text === null ? null : readState(text);
}

describe.skipIf(isMissing)("the link in the beginning of a block file", async () => {
  const folder = isMissing ? "" : await mainnetBlocks();
  const names = isMissing ? [] : readdirSync(folder);
  const file = isMissing ? "" : readFileSync(join(folder, names[0]!), "latin1");
  const state = JSON.stringify(
    (JSON.parse(file || "{}") as Record<string, unknown>)["protocol_state"],
  );

  test("is that of the whole file", () => {
    for (const name of names.slice(0, 50)) {
      const whole = readFileSync(join(folder, name));
      const found = protocolStateIn(whole.subarray(0, HEAD_BYTES))!;
      const { height, stateHash } = parseBlockFileName(name)!;
      expect(hashProtocolState(found)).toBe(stateHash);
      const json = JSON.parse(whole.toString("latin1")).protocol_state;
      expect(linkOf(found, stateHash)).toEqual({
        height,
        stateHash,
        parentHash: json.previous_state_hash,
        genesisStateHash: json.body.genesis_state_hash,
      });
    }
  });

  test("is found wherever it stands whole, and nowhere else", () => {
    const found = protocolStateIn(bytes(state === undefined ? "" : `{"protocol_state":${state}`));
    expect(found).not.toBeNull();
    expect(protocolStateIn(bytes(`{"a":"}{","protocol_state" :\n ${state}}`))).toEqual(found);
    expect(protocolStateIn(bytes(`{"protocol_state":${state.slice(0, -1)}`))).toBeNull();
    expect(protocolStateIn(bytes(`{"protocol_state":"x","protocol_state":${state}}`))).toBeNull();
    expect(protocolStateIn(bytes(`{"protocol_state":${"{".repeat(5000)}`))).toBeNull();
    expect(protocolStateIn(bytes('{"protocol_state":{"a":"'))).toBeNull();
    expect(protocolStateIn(bytes('{"protocol_state":{"a":1}}'))).toBeNull();
    expect(protocolStateIn(new Uint8Array())).toBeNull();
  });

  test("is a state or nothing, whatever the bytes are", () => {
    const cut = fc.nat(file.length).map((length) => file.slice(0, length));
    const spoiled = fc.tuple(fc.nat(2400), fc.string()).map(([at, text]) => {
      return file.slice(0, at) + text + file.slice(at + 1);
    });
    fc.assert(
      fc.property(fc.oneof(cut, spoiled), (text) => {
        expect([null, "object"]).toContain(protocolStateIn(bytes(text)) === null ? null : "object");
      }),
      { seed: 22, numRuns: 300 },
    );
  });
});
