// Prints every value of the configuration, where it came from, and the variable that would set it.

import { type Column, table } from "../output/table.ts";
import { getAt, type LoadedConfig } from "./load-config.ts";
import { maskConfig } from "./mask-config.ts";
import { CONFIG_KEYS, environmentName } from "./schema.ts";

const COLUMNS: readonly Column[] = [
  { title: "key" },
  { title: "value" },
  { title: "from" },
  { title: "environment" },
];

export function explainConfig(loaded: LoadedConfig): string {
  return table(
    COLUMNS,
    explanations(loaded).map(({ key, value, from, environment }) => [
      key,
      value === null ? "-" : textOf(value),
      from,
      environment,
    ]),
  );
}

/** The same as plain data, secrets masked. */
export function explanations({ config, origins }: LoadedConfig) {
  const masked = maskConfig(config);
  return CONFIG_KEYS.map((key) => ({
    key,
    value: getAt(masked, key) ?? null,
    from: origins.get(key)!,
    environment: environmentName(key),
  }));
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
