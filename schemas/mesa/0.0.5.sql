-- What the upgrade to Mesa, migration 0.0.5, makes of the archive schema of Berkeley. We write no such
-- archive: from this comes the catalog by which one that has gone on is known.

create type migration_status as enum ('starting', 'applied', 'failed');

-- Every upgrade and downgrade of the schema, the last one by its time.
create table migration_history (
  commit_start_at   timestamptz not null default now() primary key,
  protocol_version  text not null,
  migration_version text not null,
  description       text not null,
  status            migration_status not null
);

-- A zkApp has 32 elements of state instead of 8; those that it had before the upgrade are the field 0.
insert into zkapp_field (field) values ('0');

do $$
declare
  zero integer := (select id from zkapp_field where field = '0');
begin
  for element in 8 .. 31 loop
    execute format(
      'alter table zkapp_states_nullable
         add column element%1$s integer references zkapp_field (id)', element);
    execute format(
      'alter table zkapp_states
         add column element%1$s integer not null default %2$s references zkapp_field (id)',
      element, zero);
  end loop;
end
$$;
