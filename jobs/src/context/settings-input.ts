// What decides a set besides the dump that it is made from: the network's rules, whom the run trusts, what it
// compares, and the forklift that does it. Two runs with equal settings on equal dumps come to the same rows.

import { forkliftVersion } from "@forklift/console";
import type { Network } from "@forklift/network";
import { type SetInput, setInput } from "@forklift/sets";
import { digestOf } from "@forklift/storage";
import { defined } from "@forklift/system";
import type { Config } from "../config/schema.ts";

const NAME = "settings.json";

/**
 * As an input of a set: its digest is of a JSON text that nobody keeps. No location is in it, for where bytes
 * come from does not decide what they are, and no secret.
 * @param network with the exceptions that the operator named.
 */
export function settingsInput(
  {
    trustedStateHash,
    history,
    signatures,
    agree,
    official,
    replay,
    verify,
  }: Pick<
    Config,
    "trustedStateHash" | "history" | "signatures" | "agree" | "official" | "replay" | "verify"
  >,
  { genesis, lastPreForkBlock, ledgerHashExceptions }: Network,
): SetInput {
  const settings = {
    forklift: forkliftVersion(),
    genesis: genesis.stateHash,
    lastPreForkBlock: lastPreForkBlock?.stateHash ?? null,
    trusted: trustedStateHash ?? null,
    exceptions: [...ledgerHashExceptions]
      .map(([stateHash, { slots }]) => [stateHash, slots === null ? null : [...slots].map(String)])
      .sort(),
    official: { vrfOutput: official.vrfOutput, genesis: official.genesis !== undefined },
    // Left out where it is the default: sets from before there were others have the same digest.
    ...(history === "canonical" ? {} : { history }),
    ...(agree === 1 ? {} : { agree }),
    ...defined({ signatures }),
    compared: { balances: replay.compareBalances, creationFees: verify.compareCreationFees },
  };
  const text = Buffer.from(JSON.stringify(settings));
  return setInput("settings", { name: NAME, ...digestOf(text) });
}
