-- The slots of the window that changed since `edge`: resource, key to sort by, JSON. Parameters: those of schedule_scope; edge.
WITH {{schedule_scope}}
SELECT s.resource, extract(epoch FROM s.begin)::float8, {{slot_json}}
  FROM (SELECT {{slot_columns}}
          FROM appointments_slot s JOIN doctor d ON d.id = s.doctor_id, {{slot_clock}}
         WHERE s.changed >= %(edge)s AND s.changed <= {{newest}} AND s.published
           AND s.begin >= d.opens AND s.begin < d.closes) s
