// The architecture rules as a table: allowed imports, the package of each library, the layers of
// every folder, and who may touch the process. Only data: `npm run check` holds the code against it
// (scripts/tidy.js), and a test compares ARCHITECTURE.md with it.

/** A folder and the packages that it may import. @type {Record<string, string[]>} */
export const MAY_IMPORT = {
  "packages/chain": [],
  "packages/pipeline": [],
  "packages/system": ["chain", "pipeline"],
  "packages/compression": ["pipeline"],
  "packages/ledger": ["chain"],
  "packages/postgres": ["compression", "pipeline", "system"],
  schemas: ["postgres"],
  "packages/storage": ["chain", "pipeline", "system"],
  "packages/sets": ["chain", "pipeline", "storage", "system"],
  "packages/network": ["chain", "ledger", "pipeline", "storage", "system"],
  "packages/precomputed": ["chain", "compression", "ledger", "pipeline", "storage", "system"],
  "packages/archive": ["chain", "pipeline", "postgres", "schemas"],
  // Not archive: a verification that shared its queries would share its mistakes.
  "packages/verifier": ["chain", "ledger", "network", "pipeline", "postgres", "precomputed"],
  "packages/sample": ["chain", "ledger", "pipeline", "postgres", "schemas"],
  "packages/console": ["chain", "pipeline", "system"],
  "packages/context": [
    "archive",
    "console",
    "network",
    "pipeline",
    "postgres",
    "precomputed",
    "system",
  ],
  "apps/migrator": [
    "archive",
    "chain",
    "console",
    "context",
    "ledger",
    "network",
    "pipeline",
    "postgres",
    "precomputed",
    "storage",
    "system",
  ],
  "apps/replayer": [
    "archive",
    "chain",
    "console",
    "context",
    "ledger",
    "network",
    "pipeline",
    "postgres",
    "storage",
    "system",
  ],
  jobs: [
    "archive",
    "chain",
    "console",
    "context",
    "migrator",
    "network",
    "pipeline",
    "postgres",
    "precomputed",
    "replayer",
    "sample",
    "schemas",
    "sets",
    "storage",
    "system",
    "verifier",
  ],
  "packages/testkit": [
    "archive",
    "chain",
    "console",
    "pipeline",
    "postgres",
    "sample",
    "schemas",
    "sets",
    "storage",
    "system",
    "verifier",
  ],
};

/** Libraries that one package keeps out of everything else. @type {Record<string, string>} */
const KEPT_IN = {
  "@noble/curves": "packages/ledger",
  zstddec: "packages/compression",
  pg: "packages/postgres",
  "pg-copy-streams": "packages/postgres",
  "pg-cursor": "packages/postgres",
  undici: "packages/storage",
  "@google-cloud/storage": "packages/storage",
  "node-cron": "jobs",
  pino: "packages/console",
  "prom-client": "jobs",
};

/**
 * The floors of each folder that holds folders, from the top down: `a > b | c > *`. A room is a folder or a
 * single file directly below; it imports lower floors only, never a neighbour on its own (`b` and `c`).
 * `*` stands for the single files that are not named, which may import each other. Every room has a
 * floor; a package's index.ts is above all of them.
 * @type {Record<string, string>}
 */
const FLOORS = {
  "packages/ledger/src":
    "apply | signature > ledger > tree > accounts | block > poseidon > text | threads | wasm",
  "packages/postgres/src": "restore > dump > dump-forms > server | schema > session",
  "packages/storage/src": "open-store > gcs > passing-failure > file | http > *",
  "packages/precomputed/src":
    "bundle-space > list-bundle > open-block-sources | picking > block-sources > links > bundle | cache | folder > files | * > verify",
  "packages/archive/src": "audit > preflight | source | switch | target | mend > *",
  "packages/verifier/src":
    "verify-archive > answer-of | follow-walk > ask-check | checks | report | needs > check | believe-mark | later-eras > walk > *",
  "packages/console/src": "main > command | heap-growth > log | signals | version > text",
  "packages/testkit/src": "stage-laws > * > gcs-emulator",
  "packages/testkit/src/stage-laws": "laws > *",
  "apps/migrator/src":
    "main > commands > output > pipeline | plan > stages > preflight | branches > origin > heal > blocks > context > form | source-load",
  "apps/replayer/src":
    "main > commands > pipeline | unwind > stages > output > pending | batches > range | branches > checkpoint | tree > ledger | blocks > *",
  "jobs/src":
    "main > commands > output > run > stages | observe > context > candidate-checks | work | config",
  "jobs/src/observe": "run-recorder > job-environment | notify > metrics | *",
  "jobs/src/run":
    "status | cutover > plan-job > rehearsals | schedule | unfinished-runs | follow > run-job | cron-task > recipes",
};

/**
 * Who touches the process besides a main.ts: `process` itself, the console, or the clock (`Date.now`,
 * `new Date()`, `performance`). `in` names files or whole folders, `uses` what they take; `*` is all of it.
 * @type {{ why: string, uses: string[], in: string[] }[]}
 */
const TOUCHES_PROCESS = [
  {
    why: "whether the owner of a lock, lease, server or folder lives is checked by process number",
    uses: ["process.pid", "process.kill", "process.platform"],
    in: ["packages/system/src/process-mark.ts", "packages/system/src/process-table.ts"],
  },
  {
    why: "the age of a file is measured by the clock that its file system stamps it with",
    uses: ["Date.now", "new Date()"],
    in: [
      "packages/context/src/work-directory.ts",
      "packages/precomputed/src/cache/block-cache.ts",
      "packages/system/src/untouched.ts",
    ],
  },
  {
    why: "waits for another process, with a deadline that no test would want to move",
    uses: ["performance.now"],
    in: [
      "packages/postgres/src/server/server-directory.ts",
      "packages/postgres/src/server/wait-until-ready.ts",
      "packages/storage/src/file/file-lock.ts",
    ],
  },
  {
    why: "the server has one code for a statement's limit and for a request: what it took tells which",
    uses: ["performance.now"],
    in: ["packages/postgres/src/session/session.ts"],
  },
  {
    why: "the default of a clock that its caller may hand in",
    uses: ["performance.now"],
    in: ["packages/precomputed/src/block-sources.ts"],
  },
  {
    why: "what a run took from the machine, and what the machine is, is evidence of that process",
    uses: [
      "process.arch",
      "process.constrainedMemory",
      "process.memoryUsage",
      "process.platform",
      "process.version",
    ],
    in: ["jobs/src/observe/notify/evidence.ts"],
  },
  {
    why: "a process asks for its own peak memory where the system has no table of processes",
    uses: ["process.pid", "process.resourceUsage"],
    in: ["packages/system/src/process-table.ts"],
  },
  {
    why: "PostgreSQL's programs are found and run in the operator's environment, as a shell would",
    uses: ["process.env", "process.getuid"],
    in: [
      "packages/postgres/src/dump/pg-dump.ts",
      "packages/postgres/src/server/binaries.ts",
      "packages/postgres/src/server/server.ts",
    ],
  },
  {
    why: "PostgreSQL's own variables stand for what a connection URL leaves out, as for psql",
    uses: ["process.env"],
    in: ["packages/postgres/src/session/session.ts"],
  },
  {
    why: "the embedded package is named after the machine that it was built for",
    uses: ["process.arch", "process.platform"],
    in: ["packages/postgres/src/server/embedded.ts"],
  },
  {
    why: "Google's client reads its own credentials from the environment; ours stand beside them",
    uses: ["process.env"],
    in: ["packages/storage/src/gcs/gcs-access.ts"],
  },
  {
    why: "the proxies of the environment hold for every request",
    uses: ["process.env"],
    in: ["packages/storage/src/http/http-client.ts"],
  },
  {
    why: "a user has a folder for state, as the environment or the system names it",
    uses: ["process.env", "process.getuid"],
    in: ["packages/system/src/state-folder.ts"],
  },
  {
    why: "how fast a server sends is measured, and nothing else waits for it",
    uses: ["performance.now"],
    in: ["packages/storage/src/http/lowest-rate.ts"],
  },
  {
    why: "a program listens for signals before it loads the rest",
    uses: ["process.on", "process.exit", "process.stderr"],
    in: ["packages/console/src/signals.ts"],
  },
  { why: "only tests import it", uses: ["*"], in: ["packages/testkit/src"] },
];

export const ARCHITECTURE = { MAY_IMPORT, KEPT_IN, FLOORS, TOUCHES_PROCESS };
