// The moments at which a process can die: at every commit of a database, and at every
// write to a store. A run is given one of them, dies there, and is dead from then on.

import { type CommitWatch, type Gateway, type Moment, openGateway } from "./gateway.ts";

export interface Crash {
  /** Of all that the run passes, counted from 1. */
  readonly at: number;
  readonly moment: Moment;
}

export class CrashPoints implements CommitWatch, AsyncDisposable {
  readonly #crash: Crash | null;
  readonly #gateways = new Map<string, Promise<Gateway>>();
  #passed = 0;
  #isDead: boolean = false;

  /** Null dies nowhere. */
  constructor(crash: Crash | null) {
    this.#crash = crash;
  }

  get passed(): number {
    return this.#passed;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** The URL of the same database, through a gateway that sees every commit. */
  async database(url: string): Promise<string> {
    if (this.#crash === null) return url;
    let gateway = this.#gateways.get(url);
    if (gateway === undefined) {
      gateway = openGateway(url, this);
      this.#gateways.set(url, gateway);
    }
    return (await gateway).url;
  }

  /** The same store, dying at calls of the methods that write, of which each is whole or nothing. */
  store<Store extends object>(store: Store, writing: readonly (keyof Store & string)[]): Store {
    if (this.#crash === null) return store;
    return new Proxy(store, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name);
        if (typeof value !== "function") return value;
        const call = value.bind(of) as (...args: unknown[]) => unknown;
        if (!writing.includes(name as keyof Store & string)) return call;
        return async (...args: unknown[]) => await this.#around(() => call(...args));
      },
    });
  }

  /** Counts one more point; what is to happen there. */
  pass(): Moment | null {
    if (this.#isDead) return "before";
    this.#passed += 1;
    return this.#passed === this.#crash?.at ? this.#crash.moment : null;
  }

  /** From here on nothing of the run reaches a database or a store. */
  die(): void {
    this.#isDead = true;
    for (const gateway of this.#gateways.values()) {
      gateway.then(
        ({ cut }) => cut(),
        () => undefined,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.#gateways.values()) await (await gateway)[Symbol.asyncDispose]();
  }

  async #around(write: () => unknown): Promise<unknown> {
    const moment = this.pass();
    if (moment === null) return await write();
    if (moment === "after") await write();
    this.die();
    throw new Error("the process died here, so the law has it");
  }
}

/** For runs that are not to die. */
export const NO_CRASH = new CrashPoints(null);
