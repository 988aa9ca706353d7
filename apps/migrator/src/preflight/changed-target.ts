import { ConfigError } from "@forklift/pipeline";

/** The refusal of a target that no run of ours can have left as it is. */
export function changedTarget(message: string): ConfigError {
  return new ConfigError(message, {
    hint:
      "the target was changed by another program; start again from an empty target, or restore a " +
      "published set",
  });
}
