// The document of the benchmark as a table for people.

const ROWS = {
  permutation: {
    wasm_us: "µs  a permutation in WebAssembly, one at a time",
    batch_us: "µs  the same, many side by side",
    bigint_us: "µs  in BigInt, the readable reference",
    mina_signer_us: "µs  in mina-signer",
    c_us: "µs  in C",
  },
  kimchi: {
    wasm_us: "µs  a permutation in WebAssembly, one at a time",
    batch_us: "µs  the same, many side by side",
    bigint_us: "µs  in BigInt, the readable reference",
    mina_signer_us: "µs  in mina-signer",
    o1js_us: "µs  in o1js",
  },
  threads: {
    count: "    threads that hash at once",
    us: "µs  a permutation of the legacy Poseidon, many shared out among them",
  },
  replay: {
    blocks: "    blocks of mainnet, from their JSON to a root each",
    seconds: "s   all of it",
    permutations: "    permutations in it",
    hash_seconds: "s   those alone, one at a time",
  },
  state_hash: {
    us: "µs  from the parsed JSON of a block to its state hash",
    hash_us: "µs  its twelve permutations alone, one at a time",
  },
  signatures: {
    block_us: "µs  a signature of 128 that are checked together",
    permutations: "    as many permutations, one at a time",
    many_us: "µs  one of 512",
    alone_us: "µs  one by itself",
  },
  accounts: { mb_per_100k: "MB  100,000 accounts with their tree" },
  flat: {
    us_per_block_2k: "µs  a block of 30 payments on a ledger of 2,000 accounts",
    us_per_block_500k: "µs  the same on one of 500,000",
  },
};

export function printTable(document) {
  for (const [part, rows] of Object.entries(ROWS)) {
    if (document[part] === null) continue;
    console.log(part);
    for (const [name, text] of Object.entries(rows)) {
      console.log(`${numberText(document[part][name])} ${text}`);
    }
  }
}

/** Points below each other, however many decimals there are. */
function numberText(number) {
  if (number === null) return "-".padStart(10).padEnd(14);
  const [whole, fraction] = String(number).split(".");
  return `${whole.padStart(10)}${fraction === undefined ? "" : `.${fraction}`}`.padEnd(14);
}
