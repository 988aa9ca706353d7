// The permissions of every account that comes from protocol 1.x.

/**
 * The old chain's defaults in the words of the new one, in the form of the official account JSON.
 * The verification key's transaction version is 2; accounts opened after the hard fork carry 3.
 */
export const MIGRATED_PERMISSIONS = {
  edit_state: "signature",
  send: "signature",
  receive: "none",
  access: "none",
  set_delegate: "signature",
  set_permissions: "signature",
  set_verification_key: { auth: "signature", txn_version: "2" },
  set_zkapp_uri: "signature",
  edit_action_state: "signature",
  set_token_symbol: "signature",
  increment_nonce: "signature",
  set_voting_for: "signature",
  set_timing: "signature",
} as const;
