// A protocol state in the form of a precomputed block: what the decoder reads, written.

import type { ProtocolState } from "./protocol-state.ts";

/** The inverse of `decodeProtocolState`: keys in snake_case, integers as decimal texts. */
export function encodeProtocolState(state: ProtocolState): object {
  return encodeValue(state) as object;
}

function encodeValue(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  if (Array.isArray(value)) return value.map(encodeValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [snakeCase(key), encodeValue(part)]),
  );
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
