import assert from "node:assert/strict";
import { type Check, ForkliftError } from "@forklift/pipeline";
import { NO_CRASH } from "../crash-points.ts";
import type { DamageKind } from "../fixture.ts";
import type { Law } from "../law.ts";
import { runStage } from "../run-stage.ts";

/** One for each kind of damage: a check that was never seen to fail is none. */
export function damageIsNoticed(kind: DamageKind): Law {
  return {
    name: `verify says no when something is ${kind}`,
    async holds({ openSandbox, stage, damage }) {
      const damageIt = damage[kind];
      assert.ok(damageIt !== undefined, `the fixture does not say what is ${kind}`);
      await using sandbox = await openSandbox();
      const { plan } = await runStage(sandbox, stage, { isVerified: false });
      const before = await sandbox.contents();
      await damageIt(sandbox);
      assert.notDeepEqual(await sandbox.contents(), before, "the damage changed nothing");
      await using opened = await sandbox.open(NO_CRASH);
      assert.ok(
        await saysNo(stage.verify(opened.context, plan)),
        `what was ${kind} is not noticed`,
      );
    },
  };
}

async function saysNo(answers: Promise<readonly Check[]>): Promise<boolean> {
  try {
    return (await answers).some(({ expected, actual }) => expected !== actual);
  } catch (error) {
    if (error instanceof ForkliftError) return true;
    throw error;
  }
}
