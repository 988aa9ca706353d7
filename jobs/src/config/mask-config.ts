// A configuration as it may be shown: passwords masked, and of the webhook only the server, for its
// path is the whole of its secret.

import { maskSecrets } from "../output/mask-secrets.ts";
import type { Config } from "./schema.ts";

export function maskConfig(config: Config): unknown {
  const { notify, ...rest } = config;
  const masked = maskSecrets(rest) as object;
  if (notify === undefined) return masked;
  return { ...masked, notify: { ...notify, webhook: `${new URL(notify.webhook).origin}/***` } };
}
