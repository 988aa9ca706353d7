// By itself, since a thread that verifies blocks needs it, and no library that fetches them.

import { FormatError } from "@forklift/chain";

/** A block file that ends too early. */
export class TruncatedBlockError extends FormatError {}
