-- The clocks of each zone as stretches of one offset: looked up for every slot, it would cost as much as all the rest.
-- Days that begin and end alike are passed over whole; in the others the clocks turn on a quarter of an hour.
day AS (
    SELECT tz, at, lead(at) OVER w AS next_at, shift, lead(shift) OVER w AS next_shift
      FROM (SELECT z.tz, at, (at AT TIME ZONE z.tz) - (at AT TIME ZONE interval '0') AS shift
              FROM (SELECT tz, min(opens) AS opens, max(closes) AS closes FROM lpu GROUP BY tz) z,
                   generate_series(z.opens, z.closes + interval '3 days', interval '1 day') AS at) d
    WINDOW w AS (PARTITION BY tz ORDER BY at)
),
turn AS (
    SELECT tz, at, shift,
           CASE WHEN shift < interval '0' THEN '-' ELSE '+' END || to_char(greatest(shift, -shift), 'HH24:MI') AS sign
      FROM (SELECT tz, at, shift, lag(shift) OVER (PARTITION BY tz ORDER BY at) AS before
              FROM (SELECT d.tz, q AS at, (q AT TIME ZONE d.tz) - (q AT TIME ZONE interval '0') AS shift
                      FROM day d,
                           generate_series(d.at, d.next_at - interval '15 minutes',
                                           CASE WHEN d.shift = d.next_shift THEN interval '1 day'
                                                ELSE interval '15 minutes' END) AS q) q) b
     WHERE before IS DISTINCT FROM shift
),
clock AS MATERIALIZED (
    SELECT tz, at AS since, coalesce(lead(at) OVER w, 'infinity') AS until, shift, sign,
           lead(shift) OVER w AS next_shift, lead(sign) OVER w AS next_sign
      FROM turn WINDOW w AS (PARTITION BY tz ORDER BY at)
)
