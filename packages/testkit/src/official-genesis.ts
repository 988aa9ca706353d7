// Values for the genesis row of mainnet in the official form.

import { hashText } from "@forklift/chain";

const ZERO_STATE = "3NK2tkzqqK5spR2sZ7tujjqPksL45M3UUrcA4WhCkeiPtnugyE2x";

/** Only a Berkeley daemon knows the real ones; these stand for them. */
const MADE_UP_LEDGER = hashText("ledgerHash", 35n);
export const OFFICIAL_GENESIS = {
  stateHash: "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ",
  snarkedLedgerHash: MADE_UP_LEDGER,
  lastVrfOutput: `${Buffer.alloc(32, 7).toString("base64url")}=`,
  stakingEpochData: {
    seed: hashText("epochSeed", 0n),
    ledgerHash: MADE_UP_LEDGER,
    totalCurrency: "805385692840039233",
    startCheckpoint: ZERO_STATE,
    lockCheckpoint: ZERO_STATE,
    epochLength: "1",
  },
  nextEpochData: {
    seed: hashText("epochSeed", 2n),
    ledgerHash: MADE_UP_LEDGER,
    totalCurrency: "805385692840039233",
    startCheckpoint: ZERO_STATE,
    lockCheckpoint: hashText("stateHash", 3n),
    epochLength: "2",
  },
};
