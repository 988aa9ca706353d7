// The newest release of the changelog is the version that every package and the manifests have.

import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

const ROOT = path.dirname(import.meta.dirname);
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

const headings = [...read("CHANGELOG.md").matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!);
const releases = headings.slice(1).map((heading) => {
  const [, version, date] = /^(\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$/.exec(heading) ?? [];
  return { heading, version, date };
});

const lock = JSON.parse(read("package-lock.json")) as {
  readonly packages: Record<string, { readonly version?: string }>;
};
/** The root and every workspace. */
const homes = Object.keys(lock.packages).filter((at) => !at.includes("node_modules/"));

test("the changelog begins with what is not released, then releases, newest first, each with its day", () => {
  expect(headings[0]).toBe("Unreleased");
  expect(releases.length).toBeGreaterThan(0);
  for (const { heading, date } of releases) {
    expect(date, heading).toBe(new Date(date!).toISOString().slice(0, 10));
  }
  const order = releases.toSorted((a, b) =>
    b.version!.localeCompare(a.version!, "en", { numeric: true }),
  );
  expect(releases).toEqual(order);
  expect(releases.map(({ date }) => date)).toEqual(
    releases
      .map(({ date }) => date)
      .sort()
      .reverse(),
  );
});

test("its parts are what the reader of a changelog looks for", () => {
  const parts = [...read("CHANGELOG.md").matchAll(/^### (.+)$/gm)].map(([, part]) => part);
  const known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
  expect(parts.filter((part) => !known.includes(part!))).toEqual([]);
});

test.each(homes)(
  "package.json and lock of '%s' have the newest release as their version",
  (home) => {
    const { version } = JSON.parse(read(path.join(home, "package.json"))) as { version: string };
    expect(version).toBe(releases[0]?.version);
    expect(lock.packages[home]?.version).toBe(version);
  },
);

test("the manifests run the image of the newest release", () => {
  const { images } = parse(read("k8s/base/kustomization.yaml")) as {
    readonly images: readonly { readonly name: string; readonly newTag: string }[];
  };
  const own = images.find(({ name }) => name === "forklift");
  expect(own?.newTag).toBe(releases[0]?.version);
});
