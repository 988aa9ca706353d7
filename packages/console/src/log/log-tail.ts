// The last lines of a log, kept in memory for the evidence of a failure.

/** Enough for the stage that failed and the one before, and far below a megabyte. */
const LINES_MAX = 500;

export interface LogTail {
  readonly stream: { write(line: string): void };
  /** Events as they were logged, the oldest first. */
  events(): unknown[];
}

export function openLogTail(): LogTail {
  const lines: string[] = [];
  return {
    stream: {
      write(line) {
        lines.push(line);
        if (lines.length > LINES_MAX) lines.shift();
      },
    },
    events: () => lines.map((line) => JSON.parse(line) as unknown),
  };
}
