// Are the commands of every block those of its precomputed block, whose hashes are recomputed?

import type { WalkCheck } from "../check.ts";
import { compareRowLists, type Row } from "../compare-rows.ts";
import { APPLIED, INTERNAL_KEY } from "./internal-commands-equal.ts";

export const userCommandsPrecomputed: WalkCheck = {
  id: "user-commands-precomputed",
  name: "user commands equal the precomputed blocks', their hashes recomputed",
  needs: ["blocks"],

  follow(_scope, findings) {
    const lists = { table: "user_commands", key: ["sequence_no"] };
    return {
      see({ place, userCommands: found, precomputed }) {
        const expected = precomputed().userCommands.map(
          ({ command, sequenceNo, status, failureReason }): Row => ({
            sequence_no: String(sequenceNo),
            hash: command.hash,
            command_type: command.type,
            fee_payer: command.feePayer,
            source: command.source,
            receiver: command.receiver,
            nonce: String(command.nonce),
            amount: textOrNull(command.amount),
            fee: String(command.fee),
            valid_until: textOrNull(command.validUntil),
            memo: command.memo,
            status,
            failure_reason: failureReason,
          }),
        );
        compareRowLists({ ...lists, place, expected, found }, findings);
      },
    };
  },
};

export const internalCommandsPrecomputed: WalkCheck = {
  id: "internal-commands-precomputed",
  name: "internal commands follow from the precomputed blocks, their hashes recomputed",
  needs: ["blocks"],

  follow(_scope, findings) {
    const lists = { table: "internal_commands", key: INTERNAL_KEY };
    return {
      see({ place, internalCommands: found, precomputed }) {
        const expected = precomputed().internalCommands.map(
          ({ command, sequenceNo, secondarySequenceNo }): Row => ({
            sequence_no: String(sequenceNo),
            secondary_sequence_no: String(secondarySequenceNo),
            command_type: command.type,
            hash: command.hash,
            receiver: command.receiver,
            fee: String(command.fee),
            ...APPLIED,
          }),
        );
        compareRowLists({ ...lists, place, expected, found }, findings);
      },
    };
  },
};

function textOrNull(value: bigint | null): string | null {
  return value === null ? null : String(value);
}
