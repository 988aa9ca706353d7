import { hashText, type StateHash } from "@forklift/chain";
import { expect, test } from "vitest";
import { blockFileNames, blocksByHash, parseBlockName } from "../src/files/block-file-forms.ts";

const stateHash = hashText("stateHash", 7n) as StateHash;
const id = { height: 25_704n, stateHash };

test("every name of a block is read as what it claims, in the order in which files are taken", () => {
  const names = blockFileNames("mainnet", id);
  const stem = `mainnet-25704-${stateHash}.json`;
  expect(names.slice(0, 4)).toEqual([
    ...[stem, `${stem}.gz`, `${stem}.zst`],
    `mainnet-${stateHash}.json`,
  ]);
  expect(names.map((name) => parseBlockName(`a/25000-25999/${name}`, "mainnet"))).toMatchObject(
    names.map((_, rank) => ({ height: rank < 3 ? 25_704n : null, stateHash, rank })),
  );
});

test.each([
  ["of another network", `devnet-${stateHash}.json`],
  ["of a network whose name only begins so", `mainnet-2-7-${stateHash}.json`],
  ["of another packing", `mainnet-${stateHash}.json.bz2`],
  ["packed twice", `mainnet-${stateHash}.json.gz.zst`],
  ["of a resource fork", `._mainnet-${stateHash}.json`],
  ["with a damaged state hash", `mainnet-${stateHash.slice(0, -1)}.json.gz`],
  ["of an archive", "mainnet-blocks.tar.zst"],
])("a name %s is none of ours", (_what, name) => {
  expect(parseBlockName(name, "mainnet")).toBeNull();
});

test("a block with several files counts once, as the one that is taken first", () => {
  const names = blockFileNames("mainnet", id);
  for (const order of [names, names.toReversed()]) {
    const files = order.map((name) => ({ name: `below/${name}` }));
    const blocks = blocksByHash([{ name: "readme" }, ...files], "mainnet");
    expect([...blocks]).toEqual([[stateHash, { name: `below/${names[0]}` }]]);
  }
});
