// Where and how rows lie on the disk, as CREATE TABLE, CREATE INDEX and keys say it.

import { quoteLiteral } from "../session/identifiers.ts";
import type { TokenReader } from "./token-reader.ts";

/** WITH (fillfactor='70'): how rows lie on the disk, and when they are vacuumed. */
export function readStorageParameters(reader: TokenReader): string {
  if (!reader.takeWords("with")) return "";
  const parameters = reader.list(() => {
    const parts = [reader.quotedName()];
    while (reader.takeSymbol(".")) parts.push(reader.quotedName());
    return reader.takeSymbol("=")
      ? `${parts.join(".")} = ${readParameter(reader)}`
      : parts.join(".");
  });
  return ` with (${parameters.join(", ")})`;
}

function readParameter(reader: TokenReader): string {
  const { kind } = reader.peek();
  if (kind === "string") return quoteLiteral(reader.string());
  return reader.takeOneOf("true", "false", "on", "off", "auto") ?? readNumber(reader);
}

function readNumber(reader: TokenReader): string {
  const sign = reader.takeSymbol("-") ? "-" : "";
  if (reader.peek().kind !== "number") throw reader.unexpected("a literal");
  return sign + reader.next().text;
}

/** The server of the dump had it; the rows lie wherever this one puts them. */
export function skipTablespace(reader: TokenReader): void {
  if (reader.takeWords("tablespace")) reader.name();
}
