// The two repairs of an archive after a fork, as plain SQL that an operator can run on it. Nothing in an
// archive node triggers them: see the hand-over report.

import type { StateHash } from "@forklift/chain";

export interface ForkRepair {
  /** The name of upstream's command for it. */
  readonly name: string;
  readonly why: string;
  /** A count, and what it is when there is nothing to repair. */
  readonly check: { readonly sql: string; readonly expected: string };
  readonly repair: string;
}

export interface LastPreForkBlock {
  readonly height: number;
  readonly stateHash: StateHash;
  /** How many accounts the ledger after it has. */
  readonly accountCount: string;
}

/** Texts of SQL: height and state hash were read from the target, and are a number and base58. */
export function forkRepairs(last: LastPreForkBlock): readonly ForkRepair[] {
  return [canonicalChain(last), genesisAccounts(last)];
}

/** By parent ids: beside the chain a complete history has blocks that are no canonical ones. */
function chainUpTo(stateHash: StateHash): string {
  return `with recursive chain as (
  select id, parent_id from blocks where state_hash = '${stateHash}'
  union all
  select parent.id, parent.parent_id
  from chain join blocks parent on parent.id = chain.parent_id
)`;
}

const NOT_CANONICAL = "id in (select id from chain) and chain_status <> 'canonical'";

function canonicalChain({ stateHash }: LastPreForkBlock): ForkRepair {
  return {
    name: "convert-chain-to-canonical",
    why:
      "an archive node makes a block canonical once 290 others stand on it, so that the last ones " +
      "before a fork stay pending for ever; in the migrated database they are canonical",
    check: {
      sql: `${chainUpTo(stateHash)}
select count(*) from blocks where ${NOT_CANONICAL}`,
      expected: "0",
    },
    repair: `${chainUpTo(stateHash)}
update blocks set chain_status = 'canonical'
where ${NOT_CANONICAL}`,
  };
}

function genesisAccounts({ height, stateHash, accountCount }: LastPreForkBlock): ForkRepair {
  const isForkGenesis = `height = ${height + 1} and parent_hash = '${stateHash}'`;
  return {
    name: "populate-genesis-accounts",
    why:
      "an archive node does not write the accounts of the fork genesis block, so that Rosetta reports " +
      "balances of zero for those that nobody touched since (Mina issue 19058)",
    check: {
      sql: `select count(*) from accounts_accessed
where block_id = (select id from blocks where ${isForkGenesis})`,
      expected: accountCount,
    },
    // The fork changes no account: each is as the last block before it that touched it left it.
    repair: `insert into accounts_accessed
  (ledger_index, block_id, account_identifier_id, token_symbol_id, balance, nonce,
   receipt_chain_hash, delegate_id, voting_for_id, timing_id, permissions_id, zkapp_id)
select distinct on (a.account_identifier_id)
       a.ledger_index, fork.id, a.account_identifier_id, a.token_symbol_id, a.balance, a.nonce,
       a.receipt_chain_hash, a.delegate_id, a.voting_for_id, a.timing_id, a.permissions_id, a.zkapp_id
from accounts_accessed a
join blocks b on b.id = a.block_id and b.height <= ${height} and b.chain_status = 'canonical'
cross join (select id from blocks where ${isForkGenesis}) fork
where not exists (
  select from accounts_accessed done
  where done.block_id = fork.id and done.account_identifier_id = a.account_identifier_id
)
order by a.account_identifier_id, b.height desc`,
  };
}
