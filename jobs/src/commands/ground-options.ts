// What commands are to rest on besides one file, in jobs: by an option, else by the configuration.

import { textOfShare } from "@forklift/chain";
import type { GroundOptions } from "@forklift/console";
import type { Config } from "../config/schema.ts";

type GroundsConfig = Pick<Config, "signatures" | "agree">;

export function configuredGrounds(
  config: GroundsConfig,
  { signatures, agree }: GroundOptions,
): GroundsConfig {
  return {
    signatures: signatures === undefined ? config.signatures : textOfShare(signatures),
    agree: agree ?? config.agree,
  };
}
