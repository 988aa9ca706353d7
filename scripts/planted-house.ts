// Creates a small repository for the tests of the checks: three packages and their table, in a
// folder.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** `ledger` stands on `chain`, `jobs` on both; `ledger` keeps a library and has two floors. */
export const TABLE = {
  MAY_IMPORT: {
    "packages/chain": [] as string[],
    "packages/ledger": ["chain"],
    jobs: ["ledger"],
  },
  KEPT_IN: { pg: "packages/ledger" },
  FLOORS: { "packages/ledger/src": "apply | audit > tree > *" } as Record<string, string>,
  TOUCHES_PROCESS: [
    { why: "asks for a number", uses: ["process.pid"], in: ["packages/chain/src/owner.ts"] },
  ],
};

const FILES: Record<string, string> = {
  "packages/chain/src/index.ts": 'export * from "./slot.ts";',
  "packages/chain/src/slot.ts": "export const slot = 1;",
  "packages/chain/src/owner.ts": "export const owner = process.pid;",
  "packages/ledger/src/index.ts": 'export * from "./apply/apply.ts";',
  "packages/ledger/src/apply/apply.ts": 'import "../tree/tree.ts"; import "@forklift/chain";',
  "packages/ledger/src/audit/audit.ts": 'import "../tree/tree.ts"; import "../text.ts";',
  "packages/ledger/src/tree/tree.ts": 'import "../text.ts"; import "pg";',
  "packages/ledger/src/tree/hash.ts": "export const hash = 1;",
  "packages/ledger/src/text.ts": 'import "./digits.ts";',
  "packages/ledger/src/digits.ts": "export const digits = 10;",
  "jobs/src/index.ts": 'import "@forklift/ledger"; import "./main.ts";',
  "jobs/src/main.ts": "process.exitCode = 0;",
};

export class PlantedHouse implements Disposable {
  readonly root = mkdtempSync(path.join(tmpdir(), "forklift-house-"));

  constructor() {
    for (const [file, text] of Object.entries(FILES)) this.write(file, text);
    for (const [home, names] of Object.entries(TABLE.MAY_IMPORT)) this.declare(home, names);
  }

  write(file: string, text: string): void {
    const place = path.join(this.root, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, `${text}\n`);
  }

  /** Adds a line to a file of the repository, or a file. */
  plant(file: string, line: string): void {
    this.write(file, `${FILES[file] ?? ""}\n${line}`);
  }

  /** Says in package.json and tsconfig.json on which packages a folder builds. */
  declare(home: string, names: readonly string[]): void {
    const dependencies = Object.fromEntries(names.map((name) => [`@forklift/${name}`, "*"]));
    const references = names.map((name) => ({ path: `../${name}` }));
    this.write(`${home}/package.json`, JSON.stringify({ dependencies }));
    this.write(`${home}/tsconfig.json`, JSON.stringify({ references }));
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}
