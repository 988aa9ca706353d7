/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a genesis ledger is believed by its hash",
    "genesis-ledger",
    "if (ledgerHash !== network.genesis.ledgerHash)",
    "if (false)",
    "network",
  ],
  [
    "a network is found by its genesis block",
    "load-network",
    "if (genesisOfPreset(text) === stateHash)",
    "if (true)",
    "network",
  ],
  [
    "networks but mainnet sign by the other prefix",
    "preset",
    'name === "mainnet" ? "mainnet" : "testnet"',
    '"mainnet"',
    "network",
  ],
];
