-- The form that upstream's documentation describes: that of migration 0.0.5, without the keys and indexes
-- of lists that may be longer than an index entry, and with nothing in their place.

alter table zkapp_field_array drop constraint zkapp_field_array_element_ids_key;
alter table zkapp_events drop constraint zkapp_events_element_ids_key;
drop index idx_zkapp_field_array_element_ids;
drop index idx_zkapp_events_element_ids;
