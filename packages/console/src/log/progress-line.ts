// The line at the end of a terminal that is written over and over, and that nothing else may be
// written behind.

const CLEAR_LINE = "\r\u001b[K";

export interface ProgressLine {
  /** Says this instead of what it said, as far as there is room. */
  paint(text: string): void;
  /** Says this instead, however long it is; what comes next is on a line of its own. */
  finish(text: string): void;
  /** Leaves what it says, so that others can write; does nothing where nothing was painted. */
  leave(): void;
}

export type Terminal = NodeJS.WritableStream & { readonly columns?: number };

export function openProgressLine(terminal: Terminal): ProgressLine {
  let isPainted = false;
  return {
    paint(text) {
      isPainted = true;
      // A line that is full wraps, and only its last part would be cleared. The last column stays
      // empty, for some terminals wrap as soon as it is written.
      // A terminal of 0 columns is one that does not know.
      terminal.write(CLEAR_LINE + text.slice(0, (terminal.columns || Infinity) - 1));
    },
    finish(text) {
      isPainted = false;
      terminal.write(`${CLEAR_LINE}${text}\n`);
    },
    leave() {
      if (isPainted) terminal.write("\n");
      isPainted = false;
    },
  };
}
