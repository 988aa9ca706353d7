// Reads items ahead of their consumer, up to a bound.

export interface ReadAheadLimit<Item> {
  readonly weightOf: (item: Item) => number;
  /** Nothing more is requested while this much waits. */
  readonly weightMax: number;
}

/**
 * The same items in the same order. They are requested from the first `next` on; an error comes
 * where its item would have come. Leaving the loop early ends the items as well.
 */
export async function* readAhead<Item>(
  items: AsyncIterable<Item>,
  { weightOf, weightMax }: ReadAheadLimit<Item>,
): AsyncGenerator<Item> {
  const waiting: Item[] = [];
  let weight = 0;
  let isOver = false;
  let isLeft = false;
  let wake: () => void = () => undefined;
  /** Until the other side has done something. */
  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  async function pump(): Promise<void> {
    try {
      for await (const item of items) {
        waiting.push(item);
        weight += weightOf(item);
        wake();
        while (weight >= weightMax && !isLeft) await change();
        if (isLeft) return;
      }
    } finally {
      isOver = true;
      wake();
    }
  }

  const pumped = pump();
  // Its error is thrown below, after the items that came before it.
  pumped.catch(() => undefined);
  try {
    for (;;) {
      const item = waiting.shift();
      if (item !== undefined) {
        weight -= weightOf(item);
        wake();
        yield item;
      } else if (isOver) {
        await pumped;
        return;
      } else await change();
    }
  } finally {
    isLeft = true;
    wake();
    await pumped.catch(() => undefined);
  }
}
