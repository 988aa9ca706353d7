// Where a job keeps the mark of its verification while that is under way: in the work folder, beside what else
// the next run goes on with.

import { type LedgerHash, parseJson, type StateHash } from "@forklift/chain";
import { type Store, textBytes } from "@forklift/storage";
import type { WalkMark, WalkMarks } from "@forklift/verifier";
import { z } from "zod";
import { versionsSchema } from "./table-versions.ts";

export const WALK_MARK_FILE = "verification-mark.json";

/** A mark waits for the threads that hash, for some hundredths of a second; that many blocks take a second. */
const MARK_BLOCKS = 500n;

const digits = z.string().regex(/^\d{1,10}$/);
const count = z.int().nonnegative();

/** A mark, and the root in the target that it was made above. */
export interface RootedMark extends WalkMark {
  readonly root: string;
}

export interface RootedMarks extends Pick<WalkMarks, "everyBlocks"> {
  /** Null when there is none that can be read. */
  load(): Promise<RootedMark | null>;
  save(mark: RootedMark): Promise<void>;
}

const markSchema = z.strictObject({
  root: z.uuid(),
  height: digits,
  stateHash: z.string(),
  ledgerHash: z.string(),
  question: z.string(),
  versions: versionsSchema,
  compared: z.record(z.string(), count),
  seen: z.record(z.string(), count),
  exceptions: z.array(
    z.strictObject({ height: digits, stateHash: z.string(), reason: z.string() }),
  ),
});

/**
 * @param folder of the run, whose writes show the old file or the new one.
 * @param warn is told of a mark that could not be kept, which costs no more than time.
 */
export function walkMarksIn(folder: Store, warn: (message: string) => void): RootedMarks {
  return {
    everyBlocks: MARK_BLOCKS,
    async load() {
      const found = await folder.read(WALK_MARK_FILE);
      return found === null ? null : decode(found.content.toString("utf8"));
    },
    async save(mark) {
      try {
        await folder.write(WALK_MARK_FILE, textBytes(`${JSON.stringify(plain(mark))}\n`));
      } catch (error) {
        warn(
          `the mark of the verification at height ${mark.height} was not kept: ${messageOf(error)}`,
        );
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Without one a verification begins anew. */
function decode(text: string): RootedMark | null {
  try {
    const { height, stateHash, ledgerHash, exceptions, ...mark } = markSchema.parse(
      parseJson(text),
    );
    return {
      ...mark,
      height: BigInt(height),
      stateHash: stateHash as StateHash,
      ledgerHash: ledgerHash as LedgerHash,
      exceptions: exceptions.map((used) => ({ ...used, height: BigInt(used.height) })),
    };
  } catch {
    return null;
  }
}

function plain({ height, exceptions, ...mark }: RootedMark): unknown {
  return {
    ...mark,
    height: String(height),
    exceptions: exceptions.map((used) => ({ ...used, height: String(used.height) })),
  };
}
