// The manifests run the commands that exist, with a configuration that loads, and they know our exit
// codes.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { EXIT } from "@forklift/pipeline";
import { runForklift } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const BASE = path.join(import.meta.dirname, "../base");

interface Pod {
  readonly containers: readonly [{ readonly name: string; readonly args: readonly string[] }];
}

interface JobSpec {
  readonly podFailurePolicy: {
    readonly rules: readonly {
      readonly action: string;
      readonly onExitCodes?: { readonly values: readonly number[] };
    }[];
  };
  readonly template: { readonly spec: Pod };
}

function readJob(file: string): JobSpec {
  const manifest = parse(readFileSync(path.join(BASE, file), "utf8")) as {
    readonly spec: JobSpec & { readonly jobTemplate?: { readonly spec: JobSpec } };
  };
  return manifest.spec.jobTemplate?.spec ?? manifest.spec;
}

const jobs = ["daily.yaml", "prime.yaml", "final-dry-run.yaml"];

describe.each(jobs)("%s", (file) => {
  const job = readJob(file);
  const codesOf = (action: string) =>
    job.podFailurePolicy.rules.find((rule) => rule.action === action && rule.onExitCodes)
      ?.onExitCodes?.values;

  test("tries again on the exit code that says so, and gives up on all others", () => {
    expect(codesOf("Count")).toEqual([EXIT.tryAgain]);
    const { ok, tryAgain, ...final } = EXIT;
    expect(codesOf("FailJob")).toEqual(Object.values(final));
  });

  test("runs a command whose options exist", async () => {
    const [{ args }] = job.template.spec.containers;
    const missing = args.map((arg) => (arg.endsWith(".yaml") ? "/nowhere/forklift.yaml" : arg));
    const { exit, stderr } = await runForklift(missing);
    // The command line was understood: it is the configuration that is not there.
    expect(stderr).toContain("cannot read configuration /nowhere/forklift.yaml");
    expect(exit).toBe(EXIT.config);
  });
});

test("the mounted configuration loads", async () => {
  const config = path.join(BASE, "forklift.yaml");
  const { exit, stdout } = await runForklift(["config", "--explain", "--config", config]);
  expect(exit).toBe(EXIT.ok);
  expect(stdout).toContain("file:///stores/migrated/");
});

test("every manifest is in the kustomization", () => {
  const { resources } = parse(readFileSync(path.join(BASE, "kustomization.yaml"), "utf8")) as {
    readonly resources: readonly string[];
  };
  const files = readdirSync(BASE).filter(
    (name) => !["kustomization.yaml", "forklift.yaml"].includes(name),
  );
  expect([...resources].sort()).toEqual(files.sort());
});

test.skipIf(!hasKubectl())("kubectl renders the base", () => {
  const rendered = execFileSync("kubectl", ["kustomize", BASE], { encoding: "utf8" });
  expect(rendered.match(/^kind: (CronJob|Job)$/gm)).toHaveLength(jobs.length);
});

function hasKubectl(): boolean {
  try {
    execFileSync("kubectl", ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
