// Whether so many sources hold the same commands of a block, which no state hash covers. Pure. What is kept is one
// content for each opinion, and of the others their URLs.

import type { BlockContent } from "./verify/verify-block.ts";

/** Commands, and who holds them; the first one brought the content. */
interface Opinion {
  readonly content: BlockContent;
  readonly urls: string[];
}

export class Agreement {
  /** How many sources must hold the same. */
  readonly wanted: number;
  readonly #opinions: Opinion[] = [];

  /** @param wanted 1: the first file is enough. */
  constructor(wanted: number) {
    this.wanted = wanted;
  }

  /** Each source once. Whether as many as are wanted hold the same now. */
  add(url: string, content: BlockContent): boolean {
    const same = this.#opinions.find(
      (opinion) => firstDifference(opinion.content, content) === null,
    );
    if (same === undefined) this.#opinions.push({ content, urls: [url] });
    else same.urls.push(url);
    return this.reached !== null;
  }

  /** What so many hold; null as long as too few do. */
  get reached(): Readonly<Opinion> | null {
    return this.#opinions.find(({ urls }) => urls.length >= this.wanted) ?? null;
  }

  /** The sources that hold what most of them do; none before the first file. */
  get most(): readonly string[] {
    return this.#best?.urls ?? [];
  }

  /** For people: who holds what, each against what most of them hold. */
  describe(): string[] {
    const best = this.#best;
    if (best === undefined) return [];
    const others = this.#opinions.filter((opinion) => opinion !== best);
    return [
      `${best.urls.join(", ")}: ${best.urls.length === 1 ? "alone with its commands" : "the same commands"}`,
      ...others.map(({ content, urls }) => {
        const { name, one, other } = firstDifference(content, best.content)!;
        return `${urls.join(", ")}: other commands: ${name} is ${one}, where ${best.urls[0]} has ${other}`;
      }),
    ];
  }

  get #best(): Opinion | undefined {
    return this.#opinions.reduce<Opinion | undefined>(
      (best, other) => (best === undefined || other.urls.length > best.urls.length ? other : best),
      undefined,
    );
  }
}

interface Difference {
  /** Of the command. */
  readonly name: string;
  readonly one: string;
  readonly other: string;
}

type Commands = Pick<BlockContent, "userCommands" | "internalCommands">;

/**
 * The first command that is another, as far as one can be told from the other; null when both hold the same.
 * Hashes were recomputed: an equal one proves the whole command, signature included.
 */
function firstDifference(one: Commands, other: Commands): Difference | null {
  return (
    differenceIn(
      "user command",
      one.userCommands.map(userText),
      other.userCommands.map(userText),
    ) ??
    differenceIn(
      "internal command",
      one.internalCommands.map(internalText),
      other.internalCommands.map(internalText),
    )
  );
}

function differenceIn(
  kind: string,
  ones: readonly string[],
  others: readonly string[],
): Difference | null {
  const count = Math.max(ones.length, others.length);
  for (let at = 0; at < count; at++) {
    const [one = "none", other = "none"] = [ones[at], others[at]];
    if (one !== other) return { name: `${kind} ${at + 1}`, one, other };
  }
  return null;
}

function userText({
  command,
  sequenceNo,
  status,
  failureReason,
}: Commands["userCommands"][number]): string {
  const outcome = failureReason === null ? status : `${status} (${failureReason})`;
  return `${command.hash} ${outcome} as sequence_no ${sequenceNo}`;
}

function internalText({
  command,
  sequenceNo,
  secondarySequenceNo,
}: Commands["internalCommands"][number]): string {
  return `${command.type} ${command.hash} as sequence_no ${sequenceNo}.${secondarySequenceNo}`;
}
