-- All slots of the window: resource, key to sort by, and the JSON of the doctor's slots in order. A doctor at a time: all
-- of them sorted, or joined to one text, would spill to the disk.
-- Parameters: those of schedule_scope; channel (may be null), free.
WITH {{schedule_scope}}, {{schedule_clock}}
SELECT d.resource, extract(epoch FROM c.since)::float8, part.items
  FROM doctor d JOIN clock c ON c.tz = d.tz,
       LATERAL (SELECT string_agg({{slot_json}}, ',') AS items
                  FROM (SELECT {{slot_columns}}
                          FROM appointments_slot s
                         WHERE s.doctor_id = d.id AND s.published
                           AND s.begin >= greatest(d.opens, c.since) AND s.begin < least(d.closes, c.until)
                           AND (%(channel)s::text IS NULL OR s.channels @> ARRAY[%(channel)s::varchar])
                         ORDER BY s.begin) s
                 WHERE NOT %(free)s OR s.status = 'Available') part
 WHERE part.items IS NOT NULL
