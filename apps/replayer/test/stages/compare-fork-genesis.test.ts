// The comparison with the fork keeps the laws of stages.
// @module-tag only-in-all

import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { ConfigError, SourceDataError, VerificationError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { compareForkGenesisStage } from "../../src/stages/compare-fork-genesis.ts";
import { openReplay, openReplayed, type ReplaySandbox, replayed } from "../replay-sandbox.ts";

const CONFIG = "fork-config.json";

/** The configuration lies beside the checkpoints, where a law may change it. */
async function openSandbox(): Promise<ReplaySandbox> {
  const { forkConfig } = await replayed();
  let where = "";
  const sandbox = await openReplayed({
    get forkGenesisConfigUrl() {
      return pathToFileURL(where).href;
    },
  });
  where = sandbox.file(CONFIG);
  await writeFile(where, await readFile(forkConfig));
  return sandbox;
}

async function changeConfig(sandbox: ReplaySandbox, change: (text: string) => string) {
  const text = await readFile(sandbox.file(CONFIG), "utf8");
  await writeFile(sandbox.file(CONFIG), change(text));
}

stageLaws({
  makes: "nothing",
  stage: compareForkGenesisStage,
  openSandbox,
  empty: {
    openSandbox: () =>
      openReplay({ after: "create-schema", more: { forkGenesisConfigUrl: "file:///no/config" } }),
    ends: ConfigError,
  },
  wrongInputs: {
    "a configuration that forks from another height": {
      spoil: (sandbox) =>
        changeConfig(sandbox, (text) => text.replace(/"blockchain_length":\d+/, "$&0")),
      error: VerificationError,
    },
    "a torn configuration": {
      spoil: (sandbox) => changeConfig(sandbox, (text) => text.slice(0, -5)),
      error: SourceDataError,
    },
    "a configuration that says nothing": {
      spoil: (sandbox) => changeConfig(sandbox, () => '{"ledger":{}}'),
      error: ConfigError,
    },
    "a torn checkpoint": {
      spoil: async ({ file }) => {
        const { checkpoint } = await replayed();
        await writeFile(file(checkpoint.replace(/json$/, "meta.json")), "{");
      },
      error: SourceDataError,
    },
  },
  damage: {},
});
