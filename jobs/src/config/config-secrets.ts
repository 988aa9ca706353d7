// The secrets of a configuration, which must not get into a log, a notice or evidence.

import { secretsOfUrls, secretsOfWebhook, withoutWordsOf } from "@forklift/console";
import { maskConfig } from "./mask-config.ts";
import type { Config } from "./schema.ts";

/**
 * Each in every way of writing it. A password that is the network's name as well, or that of a database, is
 * masked where it stands as a password, but not wherever that name does.
 */
export function secretsOfConfig(config: Config): string[] {
  const webhook = config.notify === undefined ? [] : secretsOfWebhook(config.notify.webhook);
  const secrets = [...secretsOfUrls(config), ...webhook];
  return withoutWordsOf(JSON.stringify(maskConfig(config)), secrets);
}
