// A configuration as it may be shown: passwords masked, and of the webhook only the server, for its
// path is the whole of its secret.

import { mapTexts } from "@forklift/console";
import { maskUrlSecrets } from "@forklift/system";
import type { Config } from "./schema.ts";

/** Each text is one URL at most, so that a space in it may be one of a password. */
export function maskUrls(value: object): object {
  return mapTexts(value, maskUrlSecrets) as object;
}

export function maskConfig(config: Config): unknown {
  const { notify, ...rest } = config;
  const masked = maskUrls(rest);
  if (notify === undefined) return masked;
  return { ...masked, notify: { ...notify, webhook: `${new URL(notify.webhook).origin}/***` } };
}
