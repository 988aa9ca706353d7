// An asynchronous queue between a producer and a consumer: taking waits until there is an item.

const END = Symbol("end");

export class Channel<Item> implements AsyncIterable<Item> {
  readonly #items: (Item | typeof END)[] = [];
  #wake: () => void = () => undefined;

  push(item: Item): void {
    this.#put(item);
  }

  /** The one who takes goes home after what is still there. */
  end(): void {
    this.#put(END);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      const item = this.#items.shift();
      if (item === END) return;
      if (item !== undefined) yield item;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #put(item: Item | typeof END): void {
    this.#items.push(item);
    this.#wake();
  }
}
