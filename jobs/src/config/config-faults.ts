// The faults of a configuration: all at once, each with its path, what was expected, and its next step.
// No value is quoted, for any may be a secret.

import { ConfigError } from "@forklift/pipeline";
import { closestMatch, default as leven } from "leven";
import type { z } from "zod";
import { CONFIG_KEYS, type ConfigKey, environmentName } from "./schema.ts";

export interface ConfigFault {
  /** In the configuration, such as `source.dumps` or `blocks.1`. */
  readonly path: string;
  /** What was expected, and what was found. */
  readonly message: string;
  /** Where the value came from: the file, `--set KEY` or a variable. */
  readonly place: string;
  readonly next: string;
}

/** Where a value came from, for `forklift config --explain`. */
export type Origin = "flag" | "environment" | "file" | "preset" | "default";

export interface ConfigPlaces {
  readonly file: string;
  readonly origins: ReadonlyMap<ConfigKey, Origin>;
}

/** The faults of values. */
export function faultsOfValues(
  issues: readonly z.core.$ZodIssue[],
  tree: unknown,
  places: ConfigPlaces,
): ConfigFault[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      const own = issue.message.startsWith("expected") ? issue.message : "unknown key";
      return issue.keys.map((key) => unknownKey([...path, key], own, places));
    }
    return [faultAt(path.join("."), messageOf(issue, valueAt(tree, path)), places)];
  });
}

/** @param next the next step; default: to mend the value where it came from. */
export function faultAt(
  path: string,
  message: string,
  places: ConfigPlaces,
  next?: string,
): ConfigFault {
  const place = placeOf(path, places);
  return { path, message, place, next: next ?? `mend ${place}` };
}

/** One error for all of them. */
export function configError(faults: readonly ConfigFault[], file: string): ConfigError {
  const details = { faults };
  const [only] = faults;
  if (faults.length === 1 && only !== undefined) {
    const { path, message, next } = only;
    return new ConfigError(`configuration ${file}: ${path}: ${message}`, { hint: next, details });
  }
  const hint = `mend ${[...new Set(faults.map(({ place }) => place))].join(" and ")}`;
  const lines = faults.flatMap(({ path, message, next }) => [
    `  ${path}: ${message}`,
    // Where there is no more to say than where, the last line says it for all.
    ...(hint === next ? [] : [`    next: ${next}`]),
  ]);
  const message = `configuration ${file} has ${faults.length} faults:\n${lines.join("\n")}`;
  return new ConfigError(message, { hint, details });
}

function placeOf(path: string, { file, origins }: ConfigPlaces): string {
  const key = CONFIG_KEYS.find((candidate) => `${path}.`.startsWith(`${candidate}.`));
  const origin = key === undefined ? "file" : origins.get(key);
  if (origin === "flag") return `--set ${key}`;
  return origin === "environment" ? environmentName(key!) : file;
}

function unknownKey(
  parts: readonly string[],
  message: string,
  { file }: ConfigPlaces,
): ConfigFault {
  const section = parts.slice(0, -1);
  const siblings = keysOf(section);
  const meant = meantBy(parts.at(-1)!, section, siblings);
  const known =
    siblings.length === 0
      ? ""
      : `; ${section.join(".") || "a configuration"} has ${siblings.join(", ")}`;
  const next =
    meant.length === 0
      ? `remove it from ${file}${known}`
      : `write ${meant.join(" or ")} in ${file}, or remove it`;
  return { path: parts.join("."), message, place: file, next };
}

/** The keys that a misspelt or misplaced one may stand for. */
function meantBy(name: string, section: readonly string[], siblings: readonly string[]): string[] {
  const elsewhere = CONFIG_KEYS.filter((key) => key.split(".").at(-1) === name);
  if (elsewhere.length > 0) return elsewhere;
  const near = closestMatch(name, siblings);
  if (near === undefined) return [];
  const slips = leven(name.toLowerCase(), near.toLowerCase());
  return slips <= Math.max(1, name.length / SLIP_SHARE) ? [[...section, near].join(".")] : [];
}

/** One letter of so many may be wrong in a word that is still meant. */
const SLIP_SHARE = 3;

/** What may stand in a section, the whole configuration for an empty one. */
function keysOf(section: readonly string[]): string[] {
  const keys = CONFIG_KEYS.map((key) => key.split("."))
    .filter((key) => section.every((part, at) => key[at] === part))
    .map((key) => key[section.length])
    .filter((key) => key !== undefined);
  return [...new Set(keys)];
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === "custom") return issue.message;
  if (value === undefined) return "is missing, and has no default";
  const found = kindOf(value);
  if (issue.message.startsWith("expected")) return `${issue.message}, found ${found}`;
  if (issue.code === "invalid_type") {
    return `expected ${KINDS[issue.expected] ?? issue.expected}, found ${found}`;
  }
  if (issue.code === "invalid_value")
    return `expected ${issue.values.join(" or ")}, found ${found}`;
  return value === "" ? "is empty, expected a value" : issue.message;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
};

/** What a value is, without a text itself: it may be a secret. */
function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return value === "" ? "an empty text" : "another text";
  return String(value);
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, part) =>
      typeof node === "object" && node !== null
        ? (node as Readonly<Record<string, unknown>>)[part]
        : undefined,
    tree,
  );
}
