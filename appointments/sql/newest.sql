-- No visible change has a higher number; stamps from before a dump was loaded into a younger cluster may have.
(SELECT greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1,
                 pg_current_xact_id_if_assigned()::text::bigint))
