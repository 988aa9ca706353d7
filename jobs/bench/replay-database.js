// A migrated database to replay, made without a source and without precomputed blocks: a chain of
// payments, delegations and internal commands, grown with `packages/ledger`, whose ledger hashes are
// therefore right, and written with the writers of the migration. A sample network of that size
// would take half an hour to make and to migrate, and differ only in what a replay does not read.

import { buildIndexes, createTarget, RowIds, writeAccounts, writeBlocks } from "@forklift/archive";
import { encodeBase58check, hashText, parseMemo, VERSION_BYTE } from "@forklift/chain";
import { applyTransaction, Ledger, newAccount, openLedgerTree } from "@forklift/ledger";
import { connect, refreshStatistics } from "@forklift/postgres";
import { keyOf } from "../../packages/ledger/bench/made-up-ledger.js";

const BATCH_BLOCKS = 500;

/** Half of the accounts are there from the beginning, the others are opened block by block. */
const GENESIS_PART = 0.5;

/** Nanomina; enough for all that an account will ever pay. */
const BALANCE = 10n ** 15n;
const FEE = 10_000_000n;
/** Opens an account, and leaves it enough to pay on. */
const AMOUNT = 20_000_000_000n;
const COINBASE = 720_000_000_000n;

/** One command in ten, and one memo in four says something. */
const DELEGATION_PART = 0.1;
const MEMO_PART = 0.25;
const EMPTY_MEMO = parseMemo("E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH");

const SLOTS_PER_BLOCK = 2;

/** All that a replay needs of a network. */
export function madeUpNetwork() {
  const winner = newAccount(keyOf(0), BALANCE);
  return {
    name: "made-up",
    genesis: { stateHash: stateHashAt(1), winner },
    lastPreForkBlock: null,
    ledgerHashExceptions: new Map(),
  };
}

/** @param options blocks, accounts at the end, user commands of every block, progress. */
export async function makeMigratedDatabase(url, { blocks, accounts, commandsPerBlock, progress }) {
  const target = await connect(url, { applicationName: "bench" });
  const genesisCount = Math.max(Math.floor(accounts * GENESIS_PART), 2);
  const genesis = Array.from({ length: genesisCount }, (_, at) => newAccount(keyOf(at), BALANCE));
  const ledger = new Ledger(genesis);
  const tree = openLedgerTree(ledger, 2);
  const random = randomNumbers(1);
  const rowIds = new RowIds();
  await createTarget(target);

  const first = blockAt(1, await tree.ledgerHash(), [], []);
  await inTransaction(target, () => writeBlocks(target, rowIds, [first], { isOneChain: true }));
  const accessed = genesis.map((account, ledgerIndex) => ({ blockId: 1, ledgerIndex, account }));
  await inTransaction(target, () => writeAccounts(target, rowIds, accessed, []));

  for (let height = 2; height <= blocks; height += BATCH_BLOCKS) {
    const batch = [];
    for (let at = height; at < height + BATCH_BLOCKS && at <= blocks; at++) {
      const wanted = genesisCount + Math.floor(((accounts - genesisCount) * at) / blocks);
      const grown = growBlock({ ledger, random, height: at, commandsPerBlock, wanted });
      batch.push({ at, ...grown, hash: tree.ledgerHash() });
    }
    const written = [];
    for (const { at, hash, user, internal } of batch) {
      written.push(blockAt(at, await hash, user, internal));
    }
    await inTransaction(target, () => writeBlocks(target, rowIds, written, { isOneChain: true }));
    if ((height - 2) % (10 * BATCH_BLOCKS) === 0) progress(`made ${height} of ${blocks} blocks`);
  }
  await tree[Symbol.asyncDispose]();
  await buildIndexes(target);
  await refreshStatistics(target);
  await target.close();
}

function growBlock({ ledger, random, height, commandsPerBlock, wanted }) {
  const parentSlot = slotAt(height - 1);
  const user = [];
  while (user.length < commandsPerBlock) {
    const opens = ledger.accountCount < wanted;
    const command = makeCommand(ledger, random, `${height} ${user.length}`, opens);
    const { status, failureReason } = applyTransaction(
      ledger,
      { kind: "user_command", command },
      parentSlot,
    );
    user.push({ command, sequenceNo: user.length, status, failureReason });
  }
  const [producer, prover] = [drawKey(ledger, random), drawKey(ledger, random)];
  const fees = BigInt(user.length) * FEE;
  const internal = [internalCommand(height, "coinbase", producer, COINBASE, user.length, 0)];
  applyTransaction(
    ledger,
    { kind: "coinbase", receiver: producer, amount: COINBASE, feeTransfer: null },
    parentSlot,
  );
  if (fees > 0n) {
    const transfers = [
      { receiver: producer, fee: fees - 1n },
      { receiver: prover, fee: 1n },
    ];
    applyTransaction(ledger, { kind: "fee_transfer", transfers }, parentSlot);
    for (const [at, { receiver, fee }] of transfers.entries()) {
      internal.push(internalCommand(height, "fee_transfer", receiver, fee, user.length + 1, at));
    }
  }
  return { user, internal };
}

function makeCommand(ledger, random, name, opens) {
  let payer = drawIndex(ledger, random);
  while (ledger.table.balance(payer) < 2n * AMOUNT) payer = drawIndex(ledger, random);
  const feePayer = ledger.account(payer).publicKey;
  const isDelegation = !opens && random() < DELEGATION_PART;
  return {
    type: isDelegation ? "delegation" : "payment",
    feePayer,
    source: feePayer,
    receiver: opens ? keyOf(ledger.accountCount) : drawKey(ledger, random),
    nonce: ledger.table.nonce(payer),
    amount: isDelegation ? null : AMOUNT + BigInt(Math.floor(random() * 1e6)),
    fee: FEE,
    validUntil: null,
    memo: random() < MEMO_PART ? memoOf(name) : EMPTY_MEMO,
    hash: transactionHash(name),
  };
}

/** As in life, a few accounts do most: half of the draws fall on an eighth of them. */
function drawIndex(ledger, random) {
  return Math.floor(random() ** 3 * ledger.accountCount);
}

function drawKey(ledger, random) {
  return ledger.account(drawIndex(ledger, random)).publicKey;
}

function internalCommand(height, type, receiver, fee, sequenceNo, secondarySequenceNo) {
  const hash = transactionHash(`${height} ${type} ${secondarySequenceNo}`);
  return { command: { type, receiver, fee, hash }, sequenceNo, secondarySequenceNo };
}

function blockAt(height, ledgerHash, userCommands, internalCommands) {
  const epoch = {
    seed: hashText("epochSeed", 1n),
    ledgerHash: hashText("ledgerHash", 1n),
    totalCurrency: BALANCE,
    startCheckpoint: stateHashAt(1),
    lockCheckpoint: stateHashAt(1),
    epochLength: 1n,
  };
  return {
    height: BigInt(height),
    stateHash: stateHashAt(height),
    parentHash: stateHashAt(height - 1),
    creator: keyOf(0),
    winner: keyOf(0),
    lastVrfOutput: "",
    snarkedLedgerHash: epoch.ledgerHash,
    stakingEpochData: epoch,
    nextEpochData: epoch,
    chainStatus: "canonical",
    minWindowDensity: 77n,
    subWindowDensities: [7n],
    totalCurrency: BALANCE,
    ledgerHash,
    globalSlotSinceHardFork: slotAt(height),
    globalSlotSinceGenesis: slotAt(height),
    timestamp: BigInt(height),
    userCommands,
    internalCommands,
  };
}

function stateHashAt(height) {
  return hashText("stateHash", BigInt(height + 1));
}

function slotAt(height) {
  return BigInt(SLOTS_PER_BLOCK * (height - 1));
}

function memoOf(text) {
  return encodeBase58check(VERSION_BYTE.memo, textPayload(1, text));
}

function transactionHash(text) {
  return encodeBase58check(VERSION_BYTE.transactionHash, textPayload(1, text));
}

/** A tag, a length, and 32 bytes that begin with the text. */
function textPayload(tag, text) {
  const payload = Buffer.alloc(34);
  payload[0] = tag;
  payload[1] = text.length;
  payload.write(text, 2, "ascii");
  return payload;
}

async function inTransaction(target, work) {
  await target.transaction(work);
}

/** Park and Miller's generator, as numbers from 0 to 1. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
