// A sample network whose archive is damaged for a test, and what its migration comes to when it is not.

import { readFile } from "node:fs/promises";
import path from "node:path";
import type { HealedValue, StageReport } from "@forklift/pipeline";
import {
  changedCopy,
  inProcess,
  openTestDatabase,
  openTestSession,
  restoredTemplate,
  sampleNetwork,
  sharedPath,
  type TestDatabase,
  type TestTemplate,
} from "@forklift/testkit";
import { digestTables } from "@forklift/verifier";
import { forklift } from "../../src/commands/index.ts";

/** As the shared cases are made for: canonical to 55, pending above. */
const SIZES = {
  blocks: 60,
  days: 3,
  seed: 1,
  finality: 5,
  accounts: 40,
  commandsPerBlock: 5,
};

const { runJson } = inProcess(forklift);

export interface DamagedSample {
  readonly folder: string;
  readonly template: TestTemplate;
  /** Of the undamaged archive's migration, by table. */
  readonly digests: Readonly<Record<string, string>>;
  /** What a migration is told of besides the databases. */
  readonly inputs: readonly string[];
}

export async function openDamagedSample(sizes = SIZES): Promise<DamagedSample> {
  const { folder, dumps } = await sampleNetwork(sizes);
  const template = await restoredTemplate(dumps.at(-1)!);
  const blocks = path.join(folder, "blocks");
  const inputs = [
    ...["--network", path.join(folder, "network.yaml")],
    ...["--genesis-ledger", path.join(folder, "genesis-ledger.json")],
    ...["--blocks", blocks],
  ];
  await using source = await openTestDatabase(template);
  await using target = await openTestDatabase();
  await runJson(migrationOf(source, target, inputs));
  return { folder, template, inputs, digests: await digestsOf(target) };
}

export function migrationOf(
  source: TestDatabase,
  target: TestDatabase,
  inputs: readonly string[],
): string[] {
  return ["migrate", "--source-db", source.url, "--target-db", target.url, ...inputs];
}

export async function digestsOf(target: TestDatabase): Promise<Record<string, string>> {
  await using session = await openTestSession(target);
  return await digestTables(session);
}

/** A statement, or the name of a file of shared cases. */
export interface Damage {
  readonly name: string;
  readonly sql?: string;
}

export async function damaged(
  { template }: Pick<DamagedSample, "template">,
  { name, sql }: Damage,
): Promise<TestDatabase> {
  const statements = sql ?? (await readFile(sharedPath(`cases/source/${name}.sql`), "utf8"));
  return await changedCopy(template, statements);
}

export function healedIn(document: { readonly stages: readonly StageReport[] }): HealedValue[] {
  return document.stages.flatMap(({ healed = [] }) => healed);
}
