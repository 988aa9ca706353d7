// House rules that no compiler checks: which package may import which, who may touch the process,
// and that package.json and tsconfig.json say the same. Run by `npm run check`; `--root DIR` looks at
// another tree, which is how the tests see it fail.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** The arrows of ARCHITECTURE.md: a folder and the packages that it may import. */
export const MAY_IMPORT = {
  "packages/chain": [],
  "packages/pipeline": [],
  "packages/compression": ["pipeline"],
  "packages/ledger": ["chain"],
  "packages/postgres": ["compression", "pipeline"],
  schemas: ["postgres"],
  "packages/storage": ["pipeline"],
  "packages/network": ["chain", "ledger", "pipeline", "storage"],
  "packages/precomputed": ["chain", "compression", "ledger", "pipeline", "storage"],
  "packages/archive": ["chain", "pipeline", "postgres", "schemas"],
  // Not archive: a verification that shared its queries would share its mistakes.
  "packages/verifier": ["chain", "ledger", "network", "pipeline", "postgres", "precomputed"],
  "packages/sample": ["chain", "ledger", "pipeline", "postgres", "schemas"],
  "apps/migrator": ["archive", "chain", "ledger", "network", "pipeline", "postgres", "precomputed"],
  "apps/replayer": ["archive", "chain", "ledger", "network", "pipeline", "postgres", "storage"],
  jobs: [
    "archive",
    "chain",
    "migrator",
    "network",
    "pipeline",
    "postgres",
    "precomputed",
    "replayer",
    "sample",
    "schemas",
    "storage",
    "verifier",
  ],
  "packages/testkit": ["postgres"],
};

/** Libraries that one package keeps out of everything else. */
const KEPT_IN = {
  zstddec: "packages/compression",
  pg: "packages/postgres",
  "pg-copy-streams": "packages/postgres",
  "pg-cursor": "packages/postgres",
  undici: "packages/storage",
  "@google-cloud/storage": "packages/storage",
  commander: "jobs",
  "node-cron": "jobs",
  pino: "jobs",
  "prom-client": "jobs",
};

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;
const PROCESS = /\bprocess\.(exit|exitCode|argv|stdin|stdout|stderr|on|once)\b/;
const BANNED_NAMES = /(^|[-/])(utils?|helpers?|common|manager|data|info)\.ts$/;

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function packageOf(specifier) {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

function problemsOfImport(root, home, file, specifier) {
  const where = path.relative(root, file);
  if (specifier.startsWith(".")) {
    const target = path.resolve(path.dirname(file), specifier);
    const isInside = target.startsWith(path.join(root, home, "src") + path.sep);
    return isInside ? [] : [`${where}: reaches out of its package with ${specifier}`];
  }
  const name = packageOf(specifier);
  if (name.startsWith("@forklift/")) {
    if (specifier !== name) return [`${where}: enters ${name} other than by its index`];
    const target = name.slice("@forklift/".length);
    return MAY_IMPORT[home].includes(target) ? [] : [`${where}: may not import ${name}`];
  }
  const keeper = KEPT_IN[name];
  return keeper === undefined || keeper === home
    ? []
    : [`${where}: only ${keeper} imports ${name}`];
}

/** package.json and the references of tsconfig.json must name the packages that are imported. */
function problemsOfManifests(root, home, imported) {
  const read = (name) => JSON.parse(readFileSync(path.join(root, home, name), "utf8"));
  const declared = Object.keys(read("package.json").dependencies ?? {})
    .filter((name) => name.startsWith("@forklift/"))
    .map((name) => name.slice("@forklift/".length));
  const referenced = read("tsconfig.json").references.map(({ path: to }) => path.basename(to));
  const expected = [...imported].sort().join(", ");
  return [
    ["package.json", declared],
    ["tsconfig.json", referenced],
  ]
    .filter(([, names]) => names.sort().join(", ") !== expected)
    .map(([file, names]) => `${home}/${file}: names ${names.join(", ")}; imported: ${expected}`);
}

export function findProblems(root) {
  const problems = [];
  for (const home of Object.keys(MAY_IMPORT)) {
    const imported = new Set();
    for (const file of filesBelow(path.join(root, home, "src"))) {
      const text = readFileSync(file, "utf8");
      for (const [, specifier] of text.matchAll(IMPORT)) {
        if (specifier.startsWith("@forklift/")) imported.add(packageOf(specifier).slice(10));
        problems.push(...problemsOfImport(root, home, file, specifier));
      }
      if (PROCESS.test(text) && path.basename(file) !== "main.ts") {
        problems.push(`${path.relative(root, file)}: only main.ts touches the process`);
      }
      if (BANNED_NAMES.test(file)) problems.push(`${path.relative(root, file)}: names nothing`);
    }
    if (existsSync(path.join(root, home, "package.json"))) {
      problems.push(...problemsOfManifests(root, home, imported));
    }
  }
  return problems;
}

if (process.argv[1] === import.meta.filename) {
  const at = process.argv.indexOf("--root");
  const root = at === -1 ? path.dirname(import.meta.dirname) : path.resolve(process.argv[at + 1]);
  const problems = findProblems(root);
  console.log(problems.join("\n") || "tidy");
  process.exitCode = problems.length > 0 ? 1 : 0;
}
