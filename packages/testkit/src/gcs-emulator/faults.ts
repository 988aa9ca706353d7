// Misbehaviour on request: which requests go wrong, and how. Rules are plain data, so that a test
// in this process and a script in another one say the same.

export type FaultAction =
  /** Answered so, and nothing is done; with a sentence of the service's where one is given. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly retryAfterSeconds?: number;
      readonly message?: string;
    }
  /** Done, but late. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The connection breaks, either before anything is done or when all is done but the answer. */
  | { readonly kind: "drop"; readonly when: "before" | "after" }
  /** The connection breaks after so many bytes of the body, whichever way the body travels. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The first byte of the content is changed where no check of the emulator notices. */
  | { readonly kind: "corrupt" }
  /** A listing that does not know the object yet (or still does not). */
  | { readonly kind: "stale"; readonly missing: string };

export interface Fault {
  readonly method?: string;
  /** A regular expression that the path with its query must match, escapes decoded. */
  readonly path?: string;
  /** The first matching request that is hit, counted from 1. */
  readonly nth?: number;
  /** How many matching requests are hit from there on; "always" has no end. */
  readonly times?: number | "always";
  readonly action: FaultAction;
}

/** Every request fails with this probability, by turns with a 503 and with a broken connection. */
export interface RandomErrors {
  readonly seed: number;
  /** 0 to 1. */
  readonly rate: number;
}

export interface Faults {
  add(fault: Fault): void;
  setRandomErrors(errors: RandomErrors): void;
  clear(): void;
  /** What shall happen to this request. Counts it. */
  take(request: { readonly method: string; readonly path: string }): readonly FaultAction[];
}

export function makeFaults(): Faults {
  let rules: { readonly fault: Fault; seen: number }[] = [];
  let isStruck: () => boolean = () => false;
  let struck = 0;

  return {
    add: (fault) => void rules.push({ fault, seen: 0 }),
    setRandomErrors({ seed, rate }) {
      const random = seededRandom(seed);
      struck = 0;
      isStruck = () => random() < rate;
    },
    clear() {
      rules = [];
      isStruck = () => false;
    },
    take({ method, path }) {
      const actions: FaultAction[] = [];
      for (const rule of rules) {
        if (!isMatch(rule.fault, method, path)) continue;
        rule.seen++;
        if (isDue(rule.fault, rule.seen)) actions.push(rule.fault.action);
      }
      if (isStruck()) {
        struck++;
        const drop = { kind: "drop", when: struck % 4 === 0 ? "after" : "before" } as const;
        actions.push(struck % 2 === 0 ? drop : { kind: "status", status: 503 });
      }
      return actions;
    },
  };
}

/** The first action of a kind. */
export function findAction<Kind extends FaultAction["kind"]>(
  actions: readonly FaultAction[],
  kind: Kind,
): Extract<FaultAction, { kind: Kind }> | undefined {
  return actions.find((action): action is Extract<FaultAction, { kind: Kind }> => {
    return action.kind === kind;
  });
}

function isMatch(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method !== method) return false;
  return fault.path === undefined || new RegExp(fault.path).test(path);
}

function isDue({ nth = 1, times = 1 }: Fault, seen: number): boolean {
  return seen >= nth && (times === "always" || seen < nth + times);
}

/** Mulberry32: small, and the same everywhere for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
