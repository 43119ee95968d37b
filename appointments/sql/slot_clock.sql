-- The clock for few slots: what schedule_clock gives for many, looked up for each slot `s` of a doctor `d` with `tz`.
LATERAL (
    SELECT b.shift, e.shift AS next_shift, '-infinity'::timestamptz AS until,
           CASE WHEN b.shift < interval '0' THEN '-' ELSE '+' END || to_char(greatest(b.shift, -b.shift), 'HH24:MI') AS sign,
           CASE WHEN e.shift < interval '0' THEN '-' ELSE '+' END || to_char(greatest(e.shift, -e.shift), 'HH24:MI')
               AS next_sign
      FROM (SELECT (s.begin AT TIME ZONE d.tz) - (s.begin AT TIME ZONE interval '0') AS shift OFFSET 0) b,
           (SELECT (s."end" AT TIME ZONE d.tz) - (s."end" AT TIME ZONE interval '0') AS shift OFFSET 0) e
) c
