// A web server with block files in memory, in a process of its own so that it takes no time of the
// client's thread. Tells its parent the port once it has read the folder, and ends with it.
// Its arguments are the folder and how many bytes a block has at least.

import { createServer } from "node:http";
import { readBlockFiles } from "./block-files.js";

const files = await readBlockFiles(process.argv[2], Number(process.argv[3]));

const server = createServer((request, response) => {
  const file = files.get(request.url.slice(1));
  if (file === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-length": file.length }).end(file);
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit());
