-- Migration 0.0.6: the documented form, with unique indexes over the hash of a list instead of the list.

create function zkapp_element_ids_hash(element_ids int[]) returns bytea
language sql immutable strict parallel safe
as $$ select sha256(convert_to(element_ids::text, 'UTF8')) $$;

create unique index zkapp_field_array_element_ids_hash_key
  on zkapp_field_array (zkapp_element_ids_hash(element_ids));
create unique index zkapp_events_element_ids_hash_key
  on zkapp_events (zkapp_element_ids_hash(element_ids));
