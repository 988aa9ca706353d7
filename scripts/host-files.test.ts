// What the host and editors read beside the workflows agrees with the rest of the repository.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const ROOT = path.dirname(import.meta.dirname);
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

interface Update {
  readonly "package-ecosystem": string;
  readonly directory: string;
  readonly groups: Record<string, unknown>;
  readonly ignore?: readonly { readonly "dependency-name": string }[];
}

describe("dependency updates", () => {
  const { version, updates } = parse(read(".github/dependabot.yml")) as {
    readonly version: number;
    readonly updates: readonly Update[];
  };

  test("cover each place that names versions, and come in groups", () => {
    expect(version).toBe(2);
    const files: Record<string, string> = {
      npm: "package-lock.json",
      "github-actions": ".github/workflows/ci.yml",
      docker: "Dockerfile",
      "docker-compose": "compose.yaml",
    };
    expect(updates.map((it) => it["package-ecosystem"])).toEqual(Object.keys(files));
    for (const update of updates) {
      const file = files[update["package-ecosystem"]]!;
      expect(existsSync(path.join(ROOT, update.directory, file))).toBe(true);
      expect(Object.keys(update.groups)).not.toEqual([]);
    }
  });

  test("hold back what is used, and nothing that is gone", () => {
    const lock = JSON.parse(read("package-lock.json")) as {
      readonly packages: Record<string, unknown>;
    };
    const images = `${read("Dockerfile")}\n${read("compose.yaml")}`;
    for (const { "package-ecosystem": ecosystem, ignore = [] } of updates) {
      for (const { "dependency-name": name } of ignore) {
        const isUsed =
          ecosystem === "npm"
            ? Object.keys(lock.packages).some((at) =>
                at.endsWith(`/${name.replace(/\*$/, "linux-x64")}`),
              )
            : new RegExp(`(FROM|image:) ${name}:`).test(images);
        expect(isUsed, name).toBe(true);
      }
    }
  });
});

test("editors are told of the form that the formatter gives", () => {
  const [, section] = read(".editorconfig").split("[*]\n");
  const told = Object.fromEntries(
    section!
      .split("\n\n")[0]!
      .split("\n")
      .map((line) => line.split(" = ")),
  ) as Record<string, string>;
  const { formatter } = JSON.parse(read("biome.json")) as {
    readonly formatter: { readonly indentStyle: string; readonly lineWidth: number };
  };
  expect(told).toMatchObject({
    indent_style: formatter.indentStyle,
    max_line_length: String(formatter.lineWidth),
    // What the formatter does where its configuration says nothing.
    indent_size: "2",
    end_of_line: "lf",
  });
});

test("the page on security invents no address, and what it links to exists", () => {
  const page = read("SECURITY.md");
  expect(page).not.toMatch(/[\w.]+@[\w-]+\.[a-z]+|https?:/);
  const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, link]) => link!);
  expect(links.filter((link) => !existsSync(path.join(ROOT, link)))).toEqual([]);
});
