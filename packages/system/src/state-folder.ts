// Where programs of this user keep what outlives them, by the XDG base directory specification.

import { homedir } from "node:os";
import path from "node:path";

/**
 * A folder of ours there, which may be missing. That of root is the system's: its home is closed to the
 * user that a server of ours runs as.
 */
export function stateFolder(program: string): string {
  const { XDG_STATE_HOME: chosen } = process.env;
  // The specification has relative ones ignored.
  if (chosen !== undefined && path.isAbsolute(chosen)) return path.join(chosen, program);
  if (process.getuid?.() === 0) return path.join("/var/lib", program);
  return path.join(homedir(), ".local/state", program);
}
