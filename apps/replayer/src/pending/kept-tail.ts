// A pending tail that is kept from one look to the next, and opened anew where it can be kept no longer.

import type { TargetBlock } from "@forklift/archive";
import { TryAgainError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { ReplayerContext } from "../context.ts";
import { ledgerAfter, type StartContext } from "../range/starting-point.ts";
import type { PendingReport } from "./pending-report.ts";
import { PendingTail, type ProveOptions } from "./pending-tail.ts";

export class KeptTail implements AsyncDisposable {
  #tail: PendingTail | null = null;

  /**
   * As `prove` of the tail. Its ledger is one of its own, as large as that of a replay: from the nearest
   * checkpoint and the target's rows, the first time and when the block is out of its reach.
   * @param block replayed.
   * @throws VerificationError also when the target's accounts do not hash to what its block says.
   */
  async prove(
    context: StartContext & Pick<ReplayerContext, "threads">,
    source: Session,
    block: TargetBlock,
    options: ProveOptions = {},
  ): Promise<PendingReport> {
    if (this.#tail?.reaches(block) === false) await this.#close();
    const { network, threads } = context;
    this.#tail ??= new PendingTail(await ledgerAfter(context, block), block, { network, threads });
    try {
      return await this.#tail.prove(source, block, options);
    } catch (error) {
      // Only what passes says nothing against the ledger in memory.
      if (!(error instanceof TryAgainError)) await this.#close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const tail = this.#tail;
    this.#tail = null;
    await tail?.[Symbol.asyncDispose]();
  }
}
