// Writes a bundle of large blocks to stdout, as a tar archive: see full-blocks.js for what is in them.
//
// node packages/precomputed/bench/make-bundle.js --blocks 3400 | zstd > /elsewhere/blocks.tar.zst

import { once } from "node:events";
import { parseArgs } from "node:util";
import { packTar } from "modern-tar";
import { readBlockFiles, withBlockFolder } from "./block-files.js";
import { blownUp, commandsIn } from "./full-blocks.js";

const { values: options } = parseArgs({
  options: {
    blocks: { type: "string", default: "3400" },
    kilobytes: { type: "string", default: "600" },
  },
});

await withBlockFolder(async (folder) => {
  const files = await readBlockFiles(folder);
  const commands = commandsIn(files.values());
  const full = { bytes: 1000 * Number(options.kilobytes), commands, commandsShare: 0.4 };
  const chosen = [...files].slice(0, Number(options.blocks));
  for (const [at, [name, bytes]] of chosen.entries()) {
    const body = blownUp(bytes, full);
    const tar = await packTar([{ header: { name: `blocks/${name}`, size: body.length }, body }]);
    // Each is an archive of its own, with an end that belongs behind the last one only.
    const part = at + 1 === chosen.length ? tar : tar.subarray(0, -1024);
    if (!process.stdout.write(part)) await once(process.stdout, "drain");
  }
});
