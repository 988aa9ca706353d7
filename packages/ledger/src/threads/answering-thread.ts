// A worker thread that is asked and answers in the order of the questions, several at once if it likes.

import { Worker, type WorkerOptions } from "node:worker_threads";

/** What such a thread posts. */
export interface Answers<Answer> {
  /** From the oldest question that has no answer yet. */
  readonly answers: readonly Answer[];
  /** Permutations done by the thread, and by its own threads, since it began. */
  readonly permutations: number;
}

/** Whoever takes tasks, and answers those that ask for something in their order. */
export interface Answering<Task, Answer> extends AsyncDisposable {
  /** Done where `permutationsDone` does not see them. */
  readonly permutations: number;
  /** Asks for nothing. @param handedOver memory that the task may take along. */
  tell(task: Task, handedOver?: ArrayBuffer[]): void;
  /** @throws what ended it, before or while it is waited for. */
  ask(task: Task, handedOver?: ArrayBuffer[]): Promise<Answer>;
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class AnsweringThread<Task, Answer> implements Answering<Task, Answer> {
  readonly #worker: Worker;
  readonly #waiting: Waiting<Answer>[] = [];
  #permutations = 0;
  #end: Error | undefined;

  /** @param name of the thread, for the error when it ends. */
  constructor(file: URL, name: string, options: WorkerOptions = {}) {
    this.#worker = new Worker(file, options);
    this.#worker.on("message", (message: Answers<Answer>) => this.#answered(message));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error(`${name} has ended`)));
    // Nobody waits for an answer: the process may end.
    this.#worker.unref();
  }

  /** As the last answer said. */
  get permutations(): number {
    return this.#permutations;
  }

  tell(task: Task, handedOver: ArrayBuffer[] = []): void {
    this.#worker.postMessage(task, handedOver);
  }

  async ask(task: Task, handedOver: ArrayBuffer[] = []): Promise<Answer> {
    if (this.#end !== undefined) throw this.#end;
    this.tell(task, handedOver);
    this.#worker.ref();
    return await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #answered({ answers, permutations }: Answers<Answer>): void {
    // An error may overtake the answers before it; whoever waited for them gets the error.
    if (this.#end !== undefined) return;
    this.#permutations = permutations;
    for (const answer of answers) this.#waiting.shift()!.resolve(answer);
    if (this.#waiting.length === 0) this.#worker.unref();
  }

  /** Whatever ends the thread is our bug, or our own end. */
  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}
