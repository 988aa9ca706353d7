// What a restore left out of a dump, by kind: few lines however long the dump is.

import { firstWords } from "./statement-splitter.ts";

export interface LeftOut {
  /** For example owners, grants, comments. */
  readonly kind: string;
  readonly count: number;
  /** The first of them. */
  readonly first: LeftOutStatement;
}

export interface LeftOutStatement {
  /** From 1; null for a command of psql. */
  readonly statement: number | null;
  /** In the SQL, from 0. */
  readonly byte: number;
  /** Its first words, without the texts in quotes: the password of a role may be one. */
  readonly text: string;
}

export class LeftOutList {
  readonly #kinds = new Map<string, { count: number; readonly first: LeftOutStatement }>();

  /** @param kind one of a closed list, so that the list stays short. */
  add(kind: string, { statement, byte, text }: LeftOutStatement): void {
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const first = {
      statement,
      byte,
      text: firstWords(text.replaceAll(/'[^']*'?|\$[^$]*\$.*/gs, "'…'")),
    };
    this.#kinds.set(kind, { count: 1, first });
  }

  /** In the order of their first statements. */
  kinds(): LeftOut[] {
    return [...this.#kinds].map(([kind, { count, first }]) => ({ kind, count, first }));
  }
}
