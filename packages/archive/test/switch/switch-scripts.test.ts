// The two scripts of a cutover, run by psql on a real server: there and back, under connected clients, broken off
// between any two steps, with names and settings that are hard to quote.
// @module-tag only-in-all

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { quoteIdentifier, type Session } from "@forklift/postgres";
import { isToolMissing } from "@forklift/testkit";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  planSwitch,
  type SwitchPlan,
  switchBackScript,
  switchScript,
} from "../../src/switch/switch-scripts.ts";
import { ending, openTwoArchives, runPsql, type TwoArchives, WRITTEN_SQL } from "./two-archives.ts";

const DAY = new Date("2024-06-04T23:59:00Z");
const OPTIONS = { tip: "3NK… at height 7", writtenSql: WRITTEN_SQL };

const CHANGES = [
  "alter database DATABASE owner to OWNER",
  "grant connect, create on database DATABASE to READER with grant option",
  "grant temporary on database DATABASE to ODD",
  "revoke temporary on database DATABASE from public",
  "alter database DATABASE connection limit 7",
  'alter database DATABASE set search_path to "$user", public, "a, b", \'it\'\'s "x"\'',
  "alter database DATABASE set application_name to 'it''s: a \\ \"name\", :x'",
  "alter database DATABASE set \"forklift.odd\" to ''",
  "alter role ODD in database DATABASE set work_mem to '8MB'",
  "alter role ODD in database DATABASE set temp_tablespaces to ''",
  "grant select on all tables in schema public to READER",
  "grant insert on blocks to ODD with grant option",
  "grant usage on blocks_id_seq to ODD",
  "grant usage on schema public to READER",
];

/** Everything but rows, name and number, as PostgreSQL prints it. */
async function stateOf(archives: TwoArchives, database: string) {
  return await archives.on(database, async (session) => {
    const [row] = await session.query(
      `select pg_get_userbyid(datdba) as owner, datallowconn, datconnlimit,
              (select array_agg(a::text order by a::text)
               from unnest(coalesce(datacl, acldefault('d', datdba))) a) as acl,
              (select json_agg(json_build_array(setrole::regrole, c) order by setrole, c)
               from pg_db_role_setting, unnest(setconfig) c where setdatabase = d.oid) as settings
       from pg_database d where datname = current_database()`,
    );
    return row;
  });
}

async function rightsOf(archives: TwoArchives, database: string) {
  return await archives.on(database, (session) =>
    session.query(
      `select c.relname, pg_get_userbyid(c.relowner) as owner,
              (select array_agg(a::text order by a::text) from unnest(coalesce(c.relacl,
                 acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) a) as acl
       from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'S') order by 1`,
    ),
  );
}

const holds = async (archives: TwoArchives, database: string) =>
  (
    await archives.on(database, (session) =>
      session.query<{ state_hash: string }>("select state_hash from public.blocks order by id"),
    )
  ).map(({ state_hash }) => state_hash);

async function planned(archives: TwoArchives): Promise<SwitchPlan> {
  return await archives.on(archives.source, (source) =>
    archives.on(archives.target, (target) => planSwitch(source, target, DAY)),
  );
}

const isEnded = async (client: Session) =>
  await client.query("select 1").then(
    () => false,
    () => true,
  );

const NAMES: readonly (readonly [what: string, source: string, target: string])[] = [
  ["plain", "archive", "migrated"],
  ["quotes, spaces and what psql replaces", `a "b" 'c' :d :'e' $f$`, `\\t "x" -- /* ; \\q`],
  ["connection strings", "host=nowhere dbname=x", "postgres://nowhere/x"],
  ["of other alphabets, as long as they can be", `${"архив_".repeat(5)}xx`, `${"é".repeat(28)}x`],
  ["with line breaks and the word public", "public\nselect 1;", "$do$ end\r\n"],
];

describe.skipIf(isToolMissing("psql"))("psql runs the scripts", { timeout: 60_000 }, () => {
  test.each(NAMES)("there and back: names that are %s", async (_what, source, target) => {
    const end = ending();
    await using archives = await openTwoArchives({
      ...{ source: source.slice(0, 50) + end, target: target.slice(0, 50) + end },
      changes: CHANGES,
    });
    const names = [archives.source, archives.target] as const;
    const before = [await stateOf(archives, names[0]), await stateOf(archives, names[1])];
    const rights = [await rightsOf(archives, names[0]), await rightsOf(archives, names[1])];
    const plan = await planned(archives);
    expect(Buffer.byteLength(plan.oldName)).toBeLessThanOrEqual(63);
    expect(plan.oldName).toMatch(/_before_fork_20240604$/);

    const client = await archives.open(archives.source);
    expect(await runPsql(switchScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
    expect(await isEnded(client)).toBe(true);
    expect(await holds(archives, names[0])).toEqual(["new"]);
    expect(await holds(archives, plan.oldName)).toEqual(["old"]);
    expect(await stateOf(archives, names[0])).toEqual(before[0]);
    const ofBlocks = (all: Awaited<ReturnType<typeof rightsOf>>) =>
      all.filter(({ relname }) => /^blocks/.test(`${relname}`));
    expect(ofBlocks(await rightsOf(archives, names[0]))).toEqual(ofBlocks(rights[0]!));
    // A table that the old archive did not have is for those who had its blocks.
    const [accessed] = await rightsOf(archives, names[0]);
    expect(accessed).toEqual({ ...ofBlocks(rights[0]!)[0], relname: "accounts_accessed" });

    const other = await archives.open(archives.source);
    expect(await runPsql(switchBackScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
    expect(await isEnded(other)).toBe(true);
    expect(await holds(archives, names[0])).toEqual(["old"]);
    expect(await holds(archives, names[1])).toEqual(["new"]);
    expect([await stateOf(archives, names[0]), await stateOf(archives, names[1])]).toEqual(before);
    expect([await rightsOf(archives, names[0]), await rightsOf(archives, names[1])]).toEqual(
      rights,
    );
  });

  test("broken off after any step, each script is run again to the same end", async () => {
    const end = ending();
    await using archives = await openTwoArchives({
      ...{ source: `archive_${end}`, target: `migrated_${end}` },
      changes: CHANGES,
    });
    const names = [archives.source, archives.target] as const;
    const before = [await stateOf(archives, names[0]), await stateOf(archives, names[1])];
    const rights = await rightsOf(archives, names[1]);
    const plan = await planned(archives);
    const [there, back] = [switchScript(plan, OPTIONS), switchBackScript(plan, OPTIONS)];
    for (const steps of [1, 2, 3, 4, 5]) {
      expect(await runPsql(upTo(there, steps))).toEqual({ exit: 0, stderr: "" });
      expect(await runPsql(there)).toEqual({ exit: 0, stderr: "" });
      expect(await runPsql(there)).toEqual({ exit: 0, stderr: "" });
      expect(await holds(archives, names[0])).toEqual(["new"]);
      expect(await holds(archives, plan.oldName)).toEqual(["old"]);
      expect(await stateOf(archives, names[0])).toEqual(before[0]);
      expect(await runPsql(upTo(back, steps))).toEqual({ exit: 0, stderr: "" });
      expect(await runPsql(back)).toEqual({ exit: 0, stderr: "" });
      expect(await runPsql(back)).toEqual({ exit: 0, stderr: "" });
      expect(await holds(archives, names[0])).toEqual(["old"]);
      expect(await stateOf(archives, names[0])).toEqual(before[0]);
      expect(await stateOf(archives, names[1])).toEqual(before[1]);
      expect(await rightsOf(archives, names[1])).toEqual(rights);
    }
  });

  test("broken off between the two names, it has changed neither", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    const script = switchScript(plan, OPTIONS);
    const firstName = `rename to ${quoteIdentifier(plan.oldName)};\n`;
    const [start, rest] = script.split(firstName);
    expect(rest).toContain("rename to");
    await runPsql(start + firstName);
    expect(await runPsql(switchBackScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
    expect(await holds(archives, archives.source)).toEqual(["old"]);
    expect(await holds(archives, archives.target)).toEqual(["new"]);
  });

  test("switch-back ends a switch that was broken off while nobody could come in", async () => {
    await using archives = await plainArchives();
    const names = [archives.source, archives.target] as const;
    const rights = await rightsOf(archives, names[1]);
    const plan = await planned(archives);
    await runPsql(upTo(switchScript(plan, OPTIONS), 3));
    await expect(archives.open(names[0])).rejects.toThrow(/not currently accepting connections/);
    expect(await runPsql(switchBackScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
    expect(await holds(archives, names[0])).toEqual(["old"]);
    expect(await rightsOf(archives, names[1])).toEqual(rights);
  });

  test("a target that was written to is not switched to, nor back from", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    const write = (database: string) =>
      archives.on(database, (session) =>
        session.query("insert into public.blocks (state_hash) values ('newer')"),
      );
    await write(archives.target);
    const refused = await runPsql(switchScript(plan, OPTIONS));
    expect(refused.exit).not.toBe(0);
    expect(refused.stderr).toContain("was written to since it was proven");
    expect(await holds(archives, archives.source)).toEqual(["old"]);

    await archives.on(archives.target, (session) =>
      session.query("delete from public.blocks where state_hash = 'newer'"),
    );
    expect(await runPsql(switchScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
    const state = await stateOf(archives, archives.source);
    await write(archives.source);
    const kept = await runPsql(switchBackScript(plan, OPTIONS));
    expect(kept.exit).not.toBe(0);
    expect(kept.stderr).toContain("keep it, and what the new chain has written there");
    expect(await holds(archives, archives.source)).toEqual(["new", "newer"]);
    // As it was before: its users may write.
    expect(await stateOf(archives, archives.source)).toEqual(state);
    await write(archives.source);
  });

  test("a switch-back that refuses leaves no session behind that may only read", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    await runPsql(switchScript(plan, OPTIONS));
    const write = (session: Session) =>
      session.query("insert into public.blocks (state_hash) values ('newer')");
    await archives.on(archives.source, write);
    // As pooled connections do: each comes back as soon as it is ended, and stays.
    const stop = new AbortController();
    let client = await archives.open(archives.source);
    const pooled = (async () => {
      while (!stop.signal.aborted) {
        if (await isEnded(client))
          client = await archives.open(archives.source).catch(() => client);
      }
    })();
    expect((await runPsql(switchBackScript(plan, OPTIONS))).exit).not.toBe(0);
    await vi.waitUntil(async () => !(await isEnded(client)), { timeout: 30_000 });
    stop.abort();
    await pooled;
    await write(client);
    await client.close();
  });

  test("a switch that was broken off, and is then refused, lets the users of the old archive in", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    await runPsql(upTo(switchScript(plan, OPTIONS), 3));
    await archives.on("postgres", (session) =>
      session.query(`alter database ${quoteIdentifier(archives.source)} connection limit 3`),
    );
    expect((await runPsql(switchScript(plan, OPTIONS))).stderr).toContain("were changed");
    expect(await holds(archives, archives.source)).toEqual(["old"]);
  });

  test("what everybody may not do in the old archive's schema, nobody may in the new one, and back", async () => {
    await using archives = await plainArchives();
    const mayCreate = (database: string) =>
      archives.on(database, async (session) => {
        const [row] = await session.query<{ may: boolean }>(
          `select exists (select from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'public'
             and a.grantee = 0 and a.privilege_type = 'CREATE') as may`,
        );
        return row!.may;
      });
    await archives.on(archives.source, (session) =>
      session.query("revoke create on schema public from public"),
    );
    await archives.on(archives.target, (session) =>
      session.query("grant create on schema public to public"),
    );
    const plan = await planned(archives);
    expect(await runPsql(switchScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
    expect(await mayCreate(archives.source)).toBe(false);
    expect(await runPsql(switchBackScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
    expect(await mayCreate(archives.target)).toBe(true);
  });

  test("while switch-back looks, a client that comes back cannot write", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    await runPsql(switchScript(plan, OPTIONS));
    await runPsql(upTo(switchBackScript(plan, OPTIONS), 1));
    await using client = await archives.open(archives.source);
    const written = client.query("insert into public.blocks (state_hash) values ('newer')");
    await expect(written).rejects.toThrow(/read-only transaction/);
  });

  test.each([
    ["a setting", "alter database DATABASE set work_mem to '1GB'"],
    ["a grant", "revoke connect on database DATABASE from public"],
    ["the limit", "alter database DATABASE connection limit 3"],
  ])("what was changed since the script was written is not lost: %s", async (_what, change) => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    await archives.on("postgres", (session) =>
      session.query(change.replaceAll("DATABASE", quoteIdentifier(archives.source))),
    );
    const { exit, stderr } = await runPsql(switchScript(plan, OPTIONS));
    expect(exit).not.toBe(0);
    expect(stderr).toContain("were changed: run forklift cutover again");
    expect(await holds(archives, archives.source)).toEqual(["old"]);
  });

  test("other databases of the same names are left alone", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    const elsewhere = {
      ...plan,
      target: { ...plan.target, oid: String(Number(plan.target.oid) + 100_000) },
    };
    for (const script of [switchScript(elsewhere, OPTIONS), switchBackScript(elsewhere, OPTIONS)]) {
      const { exit, stderr } = await runPsql(script);
      expect(exit).not.toBe(0);
      expect(stderr).toContain("are not called what they were when this script was written");
    }
    expect(await holds(archives, archives.target)).toEqual(["new"]);
  });

  test("clients that keep coming back hold neither script up, and see one archive or the other", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    const seen = new Set<string>();
    const stop = new AbortController();
    const clients = [1, 2, 3].map(async () => {
      while (!stop.signal.aborted) {
        // Refused, ended or answered; and again.
        const rows = await holds(archives, archives.source).catch(() => []);
        for (const row of rows) seen.add(row);
      }
    });
    const seesOnce = (row: string) => vi.waitUntil(() => seen.has(row), { timeout: 30_000 });
    try {
      await seesOnce("old");
      expect(await runPsql(switchScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
      await seesOnce("new");
      expect(await runPsql(switchBackScript(plan, OPTIONS))).toEqual({ exit: 0, stderr: "" });
      expect(await holds(archives, archives.source)).toEqual(["old"]);
    } finally {
      stop.abort();
      await Promise.all(clients);
    }
    expect([...seen].sort()).toEqual(["new", "old"]);
  });

  test("a role that owns both, may rename, see sessions and end them needs no superuser", async () => {
    await using archives = await plainArchives();
    const { owner, reader } = archives.roles;
    await giveTo(archives, owner, ["pg_signal_backend", "pg_read_all_stats"]);
    const plan = await planned(archives);
    const client = await archives.open(archives.source, reader);
    expect(await runPsql(switchScript(plan, OPTIONS), owner)).toEqual({ exit: 0, stderr: "" });
    expect(await isEnded(client)).toBe(true);
    expect(await holds(archives, archives.source)).toEqual(["new"]);
    const other = await archives.open(archives.source, reader);
    expect(await runPsql(switchBackScript(plan, OPTIONS), owner)).toEqual({ exit: 0, stderr: "" });
    expect(await isEnded(other)).toBe(true);
    expect(await holds(archives, archives.source)).toEqual(["old"]);
  });

  test.each(["pg_signal_backend", "pg_read_all_stats"])(
    "a role that has %s alone changes nothing",
    async (right) => {
      await using archives = await plainArchives();
      const { owner, reader } = archives.roles;
      await giveTo(archives, owner, [right]);
      const plan = await planned(archives);
      await using client = await archives.open(archives.source, reader);
      const { exit, stderr } = await runPsql(switchScript(plan, OPTIONS), owner);
      expect(exit).not.toBe(0);
      expect(stderr).toContain("with CREATEDB, pg_signal_backend, pg_read_all_stats");
      expect(await isEnded(client)).toBe(false);
      expect(await holds(archives, archives.source)).toEqual(["old"]);
      expect(await holds(archives, archives.target)).toEqual(["new"]);
    },
  );

  test("where a session does not end, both databases let everybody in again, and the script says so", async () => {
    await using archives = await plainArchives();
    const { owner } = archives.roles;
    await giveTo(archives, owner, ["pg_signal_backend", "pg_read_all_stats"]);
    const plan = await planned(archives);
    const before = [
      await stateOf(archives, archives.source),
      await stateOf(archives, archives.target),
    ];
    const names = [archives.source, archives.target] as const;
    for (const [script, on] of [
      [switchScript(plan, OPTIONS), 3],
      [switchBackScript(plan, OPTIONS), 1],
      [switchBackScript(plan, OPTIONS), 3],
    ] as const) {
      const isBack = script.startsWith("-- switch-back.sql");
      if (isBack) expect(await runPsql(switchScript(plan, OPTIONS))).toMatchObject({ exit: 0 });
      // A superuser comes after the script has looked whether one is there.
      const gate = await openGate(script, on);
      const ran = runPsql(gate.script.replaceAll("in 1..600 loop", "in 1..3 loop"), owner);
      await gate.reached();
      await using client = await archives.open(archives.source);
      await gate.pass();
      const { exit, stderr } = await ran;
      expect(exit).not.toBe(0);
      expect(stderr).toContain("a session on the databases does not end");
      expect(await isEnded(client)).toBe(false);
      expect(await holds(archives, archives.source)).toEqual([isBack ? "new" : "old"]);
      expect(await stateOf(archives, archives.source)).toEqual(before[0]);
      await client.close();
      if (!isBack) continue;
      expect(await runPsql(switchBackScript(plan, OPTIONS))).toMatchObject({ exit: 0 });
    }
    expect(await stateOf(archives, names[1])).toEqual(before[1]);
  });

  test("a role that could not end it is told before anything is changed", async () => {
    await using archives = await plainArchives();
    const plan = await planned(archives);
    for (const script of [switchScript(plan, OPTIONS), switchBackScript(plan, OPTIONS)]) {
      const { exit, stderr } = await runPsql(script, archives.roles.reader);
      expect(exit).not.toBe(0);
      expect(stderr).toContain("run this script as a superuser");
    }
    expect(await holds(archives, archives.source)).toEqual(["old"]);
  });
});

/** Both databases with all that is in them, and what is needed besides to rename them; and those roles. */
async function giveTo(archives: TwoArchives, owner: string, roles: readonly string[]) {
  await archives.on("postgres", async (session) => {
    await session.query(`alter role ${owner} createdb`);
    for (const role of roles) await session.query(`grant ${role} to ${owner}`);
  });
  for (const name of [archives.source, archives.target]) {
    await archives.on(name, async (session) => {
      await session.query(`alter database ${name} owner to ${owner}`);
      await session.query(`alter type chain_status_type owner to ${owner}`);
      for (const { relname } of await session.query<{ relname: string }>(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
      )) {
        await session.query(`alter table ${relname} owner to ${owner}`);
      }
    });
  }
}

/** A script that waits in front of a step until it may pass. */
async function openGate(script: string, before: number) {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-gate-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [reached, open] = [path.join(folder, "reached"), path.join(folder, "open")];
  const wait = `\\! touch ${reached}; until [ -e ${open} ]; do sleep 0.05; done`;
  return {
    script: script.replace(`\n-- ${before}. `, `\n${wait}\n-- ${before}. `),
    reached: () => vi.waitUntil(() => existsSync(reached), { timeout: 30_000 }),
    pass: () => writeFile(open, ""),
  };
}

async function plainArchives(): Promise<TwoArchives> {
  const end = ending();
  return await openTwoArchives({ source: `archive_${end}`, target: `migrated_${end}` });
}

/** What psql has done when it is killed before the next step. */
function upTo(script: string, step: number): string {
  const at = script.indexOf(`\n-- ${step + 1}. `);
  return at < 0 ? script : `${script.slice(0, at)}\n\\quit\n`;
}
