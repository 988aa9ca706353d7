import { createRequire } from "node:module";

/** The version of this package, which is that of the whole. */
export function forkliftVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("../package.json") as { version: string }).version;
}
