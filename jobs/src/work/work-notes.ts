// What a work folder says of itself: whose it is, and what the next run of the same key need not do again.

import { parseJson } from "@forklift/chain";
import { RECIPE_NAMES } from "@forklift/sets";
import { type Store, textBytes } from "@forklift/storage";
import { z } from "zod";

const NOTES = "run.json";

const notesSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  network: z.string(),
  job: z.enum(RECIPE_NAMES),
  input: z.record(z.string(), z.string().nullable()),
  begun: z.iso.datetime(),
  /** How often it was begun. */
  attempts: z.int().positive(),
  /** The source's dump that is restored or about to be; null while none is. */
  sourceDump: z.string().nullable(),
  /** Newer dumps, which were cut off or damaged. */
  dumpsPassedOver: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
});

export type WorkNotes = z.infer<typeof notesSchema>;

/** Null for a folder whose notes are gone, torn, or of another version: nobody can go on with what it holds. */
export async function readNotes(folder: Store): Promise<WorkNotes | null> {
  const found = await folder.read(NOTES);
  if (found === null) return null;
  try {
    return notesSchema.parse(parseJson(found.content.toString("utf8")));
  } catch {
    return null;
  }
}

export async function writeNotes(folder: Store, notes: WorkNotes): Promise<void> {
  await folder.write(NOTES, textBytes(`${JSON.stringify(notes, null, 2)}\n`));
}

/** First of all that is removed: what is left without them is nobody's. */
export async function removeNotes(folder: Store): Promise<void> {
  await folder.remove(NOTES);
}
