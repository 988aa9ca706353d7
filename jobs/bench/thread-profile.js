// Where the time of a thread goes: samples of what it runs, by the part of the program that it stands in.

import { Session } from "node:inspector";

const SAMPLING_US = 500;

/** Begins to sample the calling thread; the result ends it, and gives milliseconds by part, greatest first. */
export function profileThread() {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: SAMPLING_US });
  session.post("Profiler.start");
  return () => {
    let parts;
    // Within one process the answer is there before the call returns.
    session.post("Profiler.stop", (_error, { profile }) => {
      parts = byPart(profile);
    });
    session.disconnect();
    return parts;
  };
}

function byPart({ nodes, samples, timeDeltas }) {
  const partOfNode = new Map();
  const addParts = (node, callerPart) => {
    const part = partOf(node.callFrame) ?? callerPart;
    partOfNode.set(node.id, part);
    for (const child of node.children ?? []) addParts(nodeOfId.get(child), part);
  };
  const nodeOfId = new Map(nodes.map((node) => [node.id, node]));
  addParts(nodes[0], "node");
  const parts = new Map();
  for (const [at, id] of samples.entries()) {
    const part = partOfNode.get(id);
    parts.set(part, (parts.get(part) ?? 0) + timeDeltas[at] / 1000);
  }
  parts.delete("(idle)");
  return Object.fromEntries([...parts].sort(([, a], [, b]) => b - a));
}

/**
 * `ledger/apply/receipt-chain`, `pg-protocol`, `node:internal/streams/…`, or what V8 says in brackets. Null for
 * a function of V8 or Node that is written in another language: its caller runs it.
 */
function partOf({ functionName, url }) {
  const own = /\/(?:packages|apps)\/([^/]+)\/dist\/(.+)\.js$/.exec(url);
  if (own !== null) return `${own[1]}/${own[2]}`;
  const foreign = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (foreign !== null) return foreign[1];
  if (url.startsWith("wasm:")) return "permutations";
  if (url !== "") return url;
  return functionName.startsWith("(") ? functionName : null;
}
