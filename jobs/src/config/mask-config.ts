// A configuration as it may be shown: passwords masked, and of the webhook only the server, for its
// path is the whole of its secret.

import { maskUrlSecrets } from "@forklift/pipeline";
import { mapTexts } from "../output/mask-secrets.ts";
import type { Config } from "./schema.ts";

export function maskConfig(config: Config): unknown {
  const { notify, ...rest } = config;
  // Each text is one URL at most, so that a space in it may be one of a password.
  const masked = mapTexts(rest, maskUrlSecrets) as object;
  if (notify === undefined) return masked;
  return { ...masked, notify: { ...notify, webhook: `${new URL(notify.webhook).origin}/***` } };
}
