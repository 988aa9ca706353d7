// Answers of a ledger tree on the thread that asks, a few blocks at a time whenever that waits for something
// else: while PostgreSQL is at work, its hashes are.

import { hashHere } from "../poseidon/hash-inputs.ts";
import type { Answering } from "../threads/answering-thread.ts";
import { type TreeAnswer, TreeAnswers, type TreeTask } from "./tree-answers.ts";

/** Hashed between two looks at what has come in: some 30 ms. */
const QUESTIONS_AT_ONCE = 4;

interface Waiting {
  readonly resolve: (answer: TreeAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export class TreeHere implements Answering<TreeTask, TreeAnswer> {
  /** Done here, where whoever counts sees them. */
  readonly permutations = 0;
  readonly #tree: TreeAnswers;
  readonly #tasks: TreeTask[] = [];
  readonly #waiting: Waiting[] = [];
  #nextTurn: NodeJS.Immediate | null = null;
  #end: Error | null = null;

  constructor(windowBlocks: number) {
    this.#tree = new TreeAnswers(hashHere, windowBlocks);
  }

  tell(task: TreeTask): void {
    this.#tasks.push(task);
  }

  /** @throws what kept an answer from being computed, and once this has been disposed of. */
  async ask(task: TreeTask): Promise<TreeAnswer> {
    if (this.#end !== null) throw this.#end;
    this.tell(task);
    this.#nextTurn ??= setImmediate(() => this.#takeTurn());
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#nextTurn !== null) clearImmediate(this.#nextTurn);
    this.#fail(new Error("the ledger tree has ended"));
    return Promise.resolve();
  }

  #takeTurn(): void {
    this.#nextTurn = null;
    try {
      for (let questions = 0; questions < QUESTIONS_AT_ONCE && this.#tasks.length > 0; ) {
        const task = this.#tasks.shift()!;
        if ("question" in task) questions += 1;
        this.#answer(this.#tree.take(task));
      }
      this.#answer(this.#tree.rest());
    } catch (error) {
      this.#fail(error as Error);
    }
    if (this.#waiting.length > 0) this.#nextTurn = setImmediate(() => this.#takeTurn());
  }

  #answer(answers: readonly TreeAnswer[]): void {
    for (const answer of answers) this.#waiting.shift()!.resolve(answer);
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}
