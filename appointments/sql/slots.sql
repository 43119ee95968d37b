-- Some slots by their ids: id, JSON. Parameters: ids, now.
SELECT s.id, {{slot_json}}
  FROM (SELECT {{slot_columns}}
          FROM appointments_slot s
               JOIN (SELECT d.id, d.guid::text AS resource, l.time_zone AS tz
                       FROM lmis_doctor d JOIN lmis_lpu l ON l.id = d.lpu_id) d ON d.id = s.doctor_id, {{slot_clock}}
         WHERE s.id = ANY(%(ids)s)) s
