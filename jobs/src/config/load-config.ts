// Resolves the configuration once: flag over environment over file over default.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { isPresetPath } from "@forklift/network";
import { ConfigError, UsageError } from "@forklift/pipeline";
import { isPath } from "@forklift/storage";
import { errorCode, fileError, requireEnding } from "@forklift/system";
import { parseDocument } from "yaml";
import {
  type ConfigFault,
  type ConfigPlaces,
  configError,
  faultsOfValues,
  type Origin,
} from "./config-faults.ts";
import { unknownVariables } from "./environment.ts";
import {
  CONFIG_KEYS,
  type Config,
  type ConfigKey,
  configSchema,
  environmentName,
} from "./schema.ts";

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

/** A configuration as far as it can be read. */
export interface ReadConfig extends ConfigPlaces {
  /** Null when there is a fault. */
  readonly config: Config | null;
  /** The sections, and single values beside them, that have no fault. */
  readonly sound: Partial<Config>;
  readonly faults: readonly ConfigFault[];
}

/** @throws ConfigError naming the file and every fault; UsageError for a bad flag. */
export async function loadConfig(input: ConfigInput): Promise<LoadedConfig> {
  const { config, origins, faults } = await readConfig(input);
  if (config === null) throw configError(faults, input.file);
  return { config, origins };
}

/** @throws ConfigError when the file is no YAML mapping; UsageError for a bad flag. */
export async function readConfig({
  file,
  settings,
  environment,
}: ConfigInput): Promise<ReadConfig> {
  const tree = await readYaml(file);
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
  const places = { file, origins };
  const result = configSchema.safeParse(tree);
  const faults = [
    ...unknownVariables(environment),
    ...(result.success ? [] : faultsOfValues(result.error.issues, tree, places)),
  ];
  const resolved = (config: Partial<Config>) => resolvePaths(config, { file, origins });
  return {
    ...places,
    faults,
    config: result.success && faults.length === 0 ? (resolved(result.data) as Config) : null,
    sound: resolved(result.success ? result.data : soundSections(tree)),
  };
}

function soundSections(tree: Tree): Partial<Config> {
  const sections = Object.entries(configSchema.shape).flatMap(([name, schema]) => {
    const { success, data } = schema.safeParse(tree[name]);
    return success ? [[name, data]] : [];
  });
  return Object.fromEntries(sections) as Partial<Config>;
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
  await requireEnding(file);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    if (errorCode(cause) !== "ENOENT") throw fileError(cause, `read configuration ${file}`);
    throw unreadable("ENOENT (there is none)", "give the path of a YAML file with --config", cause);
  });
  const tree = parseYaml(text, unreadable);
  if (!isTree(tree)) {
    throw new ConfigError(`configuration ${file} is not a YAML mapping`, {
      hint: "write it as lines of `key: value`; packaging/forklift.yaml shows the keys",
    });
  }
  return tree;
}

/**
 * The parser's messages, of which some are warnings to stderr, quote the line, and a password may stand
 * there. So only their code and location are reported.
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

/** Keys of locations that may be URLs, those of a preset that is written out among them. */
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

/** Paths in a file are relative to the folder of that file. */
function resolvePaths(config: Partial<Config>, { file, origins }: ConfigPlaces): Partial<Config> {
  const folder = path.dirname(path.resolve(file));
  const resolvePath = (value: unknown) =>
    typeof value === "string" ? path.resolve(folder, value) : value;
  const resolvePlace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolvePlace);
    if (typeof value !== "string" || !isPath(value) || path.isAbsolute(value)) return value;
    // Joined, not resolved: a folder keeps its last slash.
    return pathToFileURL(path.join(folder, value)).href;
  };
  const tree: Tree = structuredClone(config);
  const change = (key: string, to: (value: unknown) => unknown) => {
    const setting = CONFIG_KEYS.find((known) => `${key}.`.startsWith(`${known}.`))!;
    const value = getAt(tree, key);
    if (origins.get(setting) === "file" && value !== undefined) setAt(tree, key, to(value));
  };
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
      hint: `give one of the keys: ${CONFIG_KEYS.join(", ")}`,
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
