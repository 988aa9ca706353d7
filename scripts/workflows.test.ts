// The workflows of the host are valid, run what the repository has, and try every version that it promises.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { register } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

// The host's parser imports JSON without saying so, which bundlers take and Node does not.
const SAY_JSON = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
}`;
register(`data:text/javascript,${encodeURIComponent(SAY_JSON)}`);
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(
  "@actions/workflow-parser"
);

const ROOT = path.dirname(import.meta.dirname);
const FOLDER = ".github/workflows";
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}

interface Pair {
  readonly node: string;
  readonly postgres: string;
}

interface Job {
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
  readonly strategy?: {
    readonly matrix: {
      readonly include?: readonly Pair[];
      readonly node?: readonly string[];
      readonly postgres?: readonly string[];
    };
  };
}

interface Workflow {
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs: Record<string, Job>;
}

const files = readdirSync(path.join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
const workflows = new Map(files.map((file) => [file, parse(read(file)) as Workflow]));
const jobs = [...workflows].flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ where: `${file}: ${name}`, job })),
);
const steps = jobs.flatMap(({ where, job }) => job.steps.map((step) => ({ where, step })));

const manifest = JSON.parse(read("package.json")) as {
  readonly engines: { readonly node: string };
  readonly scripts: Record<string, string>;
};

/** What the host's own parser complains of. */
async function complaintsOf(file: string, content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name: file, content }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

test.each(files)("%s is a workflow", async (file) => {
  expect(await complaintsOf(file, read(file))).toEqual([]);
});

test.each([
  ["an unknown key", "timeout-minutes", "timeout-minute"],
  ["an unknown event", "pull_request:", "pull_requests:"],
  ["an unknown context", " matrix.node ", " matrx.node "],
])("%s is found", async (_what, right, wrong) => {
  const file = `${FOLDER}/ci.yml`;
  const content = read(file).replace(right, wrong);
  expect(content).not.toBe(read(file));
  expect(await complaintsOf(file, content)).not.toEqual([]);
});

test.each([...workflows])("%s may read the contents and no more, one run at a time", (_, it) => {
  expect(it.permissions).toEqual({ contents: "read" });
  expect(it.concurrency).toBeDefined();
});

test.each(jobs)("$where ends by itself", ({ job }) => {
  expect(job["timeout-minutes"]).toBeLessThanOrEqual(90);
});

test("an action is taken by its whole version, and leaves no credentials in the clone", () => {
  const used = steps.flatMap(({ step }) => (step.uses === undefined ? [] : [step]));
  expect(used.length).toBeGreaterThan(0);
  for (const { uses, with: inputs } of used) {
    expect(uses).toMatch(/^actions\/[a-z-]+@v\d+\.\d+\.\d+$/);
    if (uses!.startsWith("actions/checkout@")) expect(inputs?.["persist-credentials"]).toBe(false);
  }
});

describe("what a step runs", () => {
  const lines = steps.flatMap(({ where, step }) =>
    (step.run ?? "").split("\n").flatMap((line) => (line.trim() === "" ? [] : [{ where, line }])),
  );

  test.each(lines)("$where: $line", ({ line }) => {
    // Without what only changes the environment, and where the output goes.
    const [program, verb, name] = line
      .trim()
      .replace(/^env -u CI /, "")
      .split(/\s+/);
    if (program!.startsWith("./")) {
      expect(existsSync(path.join(ROOT, program!)), program).toBe(true);
      expect(statSync(path.join(ROOT, program!)).mode & 0o111, `${program} is executable`).not.toBe(
        0,
      );
      return;
    }
    expect(program).toBe("npm");
    const script = verb === "run" ? name! : verb!;
    expect(script === "ci" || script in manifest.scripts, script).toBe(true);
  });
});

describe("the versions", () => {
  const ci = workflows.get(`${FOLDER}/ci.yml`)!.jobs["test"]!.strategy!.matrix.include!;
  const nightly = workflows.get(`${FOLDER}/nightly.yml`)!.jobs["pairs"]!.strategy!.matrix;
  const nodes = ci.map(({ node }) => node);
  const servers = ci.map(({ postgres }) => postgres);

  test("are the same for a push and at night", () => {
    expect(nightly).toEqual({ node: nodes, postgres: servers });
  });

  test("of Node begin with the oldest that engines allows, and hold the one of .nvmrc and the image", () => {
    expect(`>=${nodes[0]}`).toBe(manifest.engines.node);
    const own = read(".nvmrc").trim();
    expect(nodes).toContain(own);
    expect(read("Dockerfile").match(/^FROM node:\d+/gm)).toEqual(Array(2).fill(`FROM node:${own}`));
  });

  test("of PostgreSQL are one of each major from 15 on, the first the one that we bring along", () => {
    expect(servers.map((version) => Number.parseInt(version, 10))).toEqual([15, 16, 17, 18]);
    const { optionalDependencies } = JSON.parse(read("packages/postgres/package.json")) as {
      readonly optionalDependencies: Record<string, string>;
    };
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([servers[0]]));
  });
});
