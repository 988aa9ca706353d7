// Resolves the configuration once: flag over environment over file over default.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isPresetPath } from "@forklift/network";
import { ConfigError, UsageError } from "@forklift/pipeline";
import { isPath } from "@forklift/storage";
import { parseDocument } from "yaml";
import { z } from "zod";
import { requireKnownVariables } from "./environment.ts";
import {
  CONFIG_KEYS,
  type Config,
  type ConfigKey,
  configSchema,
  environmentName,
} from "./schema.ts";

/** Where a value came from, for `forklift config --explain`. */
export type Origin = "flag" | "environment" | "file" | "default";

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: ReadonlyMap<ConfigKey, Origin>;
}

export interface ConfigInput {
  readonly file: string;
  /** `key=value`, as given with `--set`. */
  readonly settings: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @throws ConfigError naming the file, the key and what was expected; UsageError for a bad flag. */
export async function loadConfig({
  file,
  settings,
  environment,
}: ConfigInput): Promise<LoadedConfig> {
  requireKnownVariables(environment);
  const tree = resolvePaths(await readYaml(file), path.dirname(path.resolve(file)));
  const origins = new Map<ConfigKey, Origin>();
  const flags = new Map(settings.map(parseSetting));
  for (const key of CONFIG_KEYS) {
    const fromFlag = flags.get(key);
    const value = fromFlag ?? environment[environmentName(key)];
    if (value !== undefined) setAt(tree, key, value);
    const isInTree = value === undefined && getAt(tree, key) !== undefined;
    origins.set(
      key,
      fromFlag !== undefined
        ? "flag"
        : value !== undefined
          ? "environment"
          : isInTree
            ? "file"
            : "default",
    );
  }
  const result = configSchema.safeParse(tree);
  if (!result.success) {
    throw new ConfigError(`configuration ${file}: ${z.prettifyError(result.error)}`, {
      hint: `mend ${placesOf(result.error, file, origins).join(" and ")}`,
    });
  }
  return { config: result.data, origins };
}

/** Where the values that were refused came from. */
function placesOf(
  { issues }: z.ZodError,
  file: string,
  origins: LoadedConfig["origins"],
): readonly string[] {
  const places = issues.map(({ path: parts }) => {
    const at = `${parts.join(".")}.`;
    const key = CONFIG_KEYS.find((candidate) => at.startsWith(`${candidate}.`));
    if (key === undefined) return file;
    const origin = origins.get(key);
    if (origin === "flag") return `--set ${key}`;
    return origin === "environment" ? environmentName(key) : file;
  });
  return [...new Set(places)];
}

/** The value at a path such as `source.dumps`. */
export function getAt(tree: unknown, key: string): unknown {
  return key
    .split(".")
    .reduce<unknown>((node, part) => (isTree(node) ? node[part] : undefined), tree);
}

type Tree = Record<string, unknown>;

async function readYaml(file: string): Promise<Tree> {
  const unreadable = (reason: string, hint = `mend ${file} there`, cause?: unknown) =>
    new ConfigError(`cannot read configuration ${file}: ${reason}`, { cause, hint });
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw unreadable(cause.message, "give the path of a YAML file with --config", cause);
  });
  const tree = parseYaml(text, unreadable);
  if (!isTree(tree)) throw new ConfigError(`configuration ${file} is not a YAML mapping`);
  return tree;
}

/**
 * The parser's messages, of which some are warnings to stderr, quote the line, and a password may stand
 * there. So only their code and place are told.
 */
function parseYaml(text: string, unreadable: (reason: string) => ConfigError): unknown {
  const document = parseDocument(text, { logLevel: "error" });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    const place = fault.linePos?.[0];
    throw unreadable(`${fault.code} at line ${place?.line ?? "?"}, column ${place?.col ?? "?"}`);
  }
  try {
    return document.toJS();
  } catch {
    throw unreadable("an alias in it leads nowhere, or too far");
  }
}

/** Keys of places that may be URLs, those of a preset that is written out among them. */
const PLACES = [
  "genesisLedger",
  "source.dumps",
  "target.store",
  "blocks",
  "forkGenesisConfig",
  "official.genesis",
  "network.genesis.ledgerUrl",
  "network.dumps.url",
  "network.blocks.url",
] as const;

/** Paths in a file are meant from the place of that file. */
function resolvePaths(tree: Tree, folder: string): Tree {
  const resolvePath = (value: unknown) =>
    typeof value === "string" && value !== "" ? path.resolve(folder, value) : value;
  const resolvePlace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolvePlace);
    if (typeof value !== "string" || !isPath(value) || path.isAbsolute(value)) return value;
    // Joined, not resolved: a folder keeps its last slash.
    return pathToFileURL(path.join(folder, value)).href;
  };
  const change = (key: string, to: (value: unknown) => unknown) => {
    const value = getAt(tree, key);
    if (value !== undefined) setAt(tree, key, to(value));
  };
  change("blocks", (value) => (typeof value === "string" ? value.split(",") : value));
  for (const key of PLACES) change(key, resolvePlace);
  change("cache.dir", resolvePath);
  change("network", (value) => (isPresetPath(value) ? resolvePath(value) : value));
  return tree;
}

function parseSetting(setting: string): [ConfigKey, string] {
  const [key = "", ...rest] = setting.split("=");
  const known = CONFIG_KEYS.find((candidate) => candidate === key);
  if (known === undefined || rest.length === 0) {
    // Not its value, which may be a secret.
    throw new UsageError(`--set ${key} is not KEY=VALUE with a key of the configuration`, {
      hint: `keys: ${CONFIG_KEYS.join(", ")}`,
    });
  }
  return [known, rest.join("=")];
}

function setAt(tree: Tree, key: string, value: unknown): void {
  const parts = key.split(".");
  let node = tree;
  for (const part of parts.slice(0, -1)) {
    const child = node[part];
    const branch: Tree = isTree(child) ? child : {};
    node[part] = branch;
    node = branch;
  }
  node[parts.at(-1)!] = value;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
