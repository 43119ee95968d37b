-- The text of a Slot: the one place of its shape; `ScheduleSlotSerializer` documents it and a test holds the two together.
-- Of a row `s` of slot_columns. Guids, and channels of six plain words, need no escaping.
'{"guid":"' || s.guid || '","resource":"' || s.resource
|| '","begin":"' || to_char(s.begin AT TIME ZONE s.shift, 'YYYY-MM-DD"T"HH24:MI:SS') || s.sign
|| '","end":"' || to_char(s."end" AT TIME ZONE s.end_shift, 'YYYY-MM-DD"T"HH24:MI:SS') || s.end_sign
|| '","status":"' || s.status
|| '","busyType":' || CASE WHEN s.busy_name IS NULL THEN 'null'
   ELSE '{"code":' || to_json(coalesce(s.busy_code, '')) || ',"name":' || to_json(s.busy_name) || '}' END
|| ',"channels":' || CASE WHEN cardinality(s.channels) = 0 THEN '[]'
   ELSE '["' || array_to_string(s.channels, '","') || '"]' END
|| ',"capacity":' || s.capacity
|| ',"free":' || CASE WHEN s.status = 'Available' THEN s.places ELSE 0 END
|| ',"room":' || to_json(s.room_label) || '}'
