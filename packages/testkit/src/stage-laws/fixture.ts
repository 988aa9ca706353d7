// The fixture of a stage: what a test file says of its stage, so that the laws can be tested on it.

import type { ForkliftError, Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { CrashPoints } from "./crash-points.ts";

/** The databases and folders of one law's own, as the stage finds them in life. */
export interface Sandbox<Context> extends AsyncDisposable {
  /**
   * What a process that starts opens on them: sessions and stores through the crash points, nothing
   * that an earlier process held.
   */
  open(crash: CrashPoints): Promise<OpenedContext<Context>>;
  /**
   * All that the stage could write or spoil, source and target, in a form that two moments are
   * compared by. Without what differs between two right runs, such as the time of day.
   */
  contents(): Promise<unknown>;
}

export interface OpenedContext<Context> extends AsyncDisposable {
  readonly context: Context;
}

/** One of the errors that are thrown on purpose. */
export type TypedError = abstract new (...args: never[]) => ForkliftError;

export interface WrongInput<Box> {
  /** Done to a new sandbox, before the stage plans. */
  readonly spoil: (sandbox: Box) => Promise<void>;
  readonly error: TypedError;
}

export interface EmptyInput<Box> {
  readonly openSandbox: () => Promise<Box>;
  /** Whether the stage copes with it or refuses it. */
  readonly ends: "well" | TypedError;
}

/** Done to the result of a run, in its own terms: what it is is said in the fixture. */
export type Damage<Box> = (sandbox: Box) => Promise<void>;

export const DAMAGES = ["removed", "added", "altered"] as const;

export type DamageKind = (typeof DAMAGES)[number];

/** What every fixture says, of whatever kind its stage is. */
export interface StageFixture<Context, Box extends Sandbox<Context>> {
  readonly makes: "rows" | "a whole" | "nothing";
  readonly stage: Stage<Context, Session>;
  /** With work for several batches, as the stages before leave it. */
  readonly openSandbox: () => Promise<Box>;
  readonly empty: EmptyInput<Box>;
  /** By what is wrong; each must be seen before the first batch commits. */
  readonly wrongInputs: Readonly<Record<string, WrongInput<Box>>>;
  /** What `verify` must notice. */
  readonly damage: Partial<Readonly<Record<DamageKind, Damage<Box>>>>;
}

/** By its kind. */
type StageOf<Context, Kind> = Stage<Context, Session> & { readonly kind: Kind };

/** Of a stage that writes the target batch by batch. */
export interface BatchFixture<
  Context extends { readonly target: Session },
  Box extends Sandbox<Context>,
> extends StageFixture<Context, Box> {
  readonly makes: "rows";
  readonly stage: StageOf<Context, "batches">;
  /** To the rows of its target, one each. */
  readonly damage: Readonly<Record<DamageKind, Damage<Box>>>;
  /** Progress marks that are whole in form and belong to another target, by what they are of. */
  readonly foreignMarks: Readonly<Record<string, unknown>>;
}

/**
 * Of a stage that makes files, a schema or a database as a whole. Left out of the damage is what nobody
 * could do to such a result: nothing can be taken from what is gone.
 */
export interface WholeFixture<Context, Box extends Sandbox<Context>>
  extends StageFixture<Context, Box> {
  readonly makes: "a whole";
  readonly stage: StageOf<Context, "whole">;
}

/** Of a stage that only looks: its run is the verification, and `verify` may have nothing to add. */
export interface InspectionFixture<Context, Box extends Sandbox<Context>>
  extends StageFixture<Context, Box> {
  readonly makes: "nothing";
  readonly stage: StageOf<Context, "whole">;
}
