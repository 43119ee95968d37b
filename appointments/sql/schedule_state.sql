-- What the caller of contract E or F must be given; a 304 is decided here, without reading slots but through the index on
-- `changed`. One row: answer, place (of the tag that holds), revision, next_begin, edge (to tell changes since).
-- Parameters: those of schedule_scope; asked (the question's filters as one text); most_days; tag_marks, tag_windows,
-- tag_edges, tag_nexts (one tag at each place), any_tag; wants_since, since_mark, since_edge, since_first, since_last.
WITH {{schedule_scope}},
zone AS (
    SELECT tz, first, last, row_number() OVER (ORDER BY tz) AS n FROM lpu GROUP BY tz, first, last
),
head AS MATERIALIZED (
    -- `mark` is the database, the question, and what changes its answer without touching a slot: the zones of the LPUs,
    -- who carries the code of a speciality.
    SELECT left(encode(sha256(convert_to(concat_ws('|', {{system}}
               (SELECT oid FROM pg_database WHERE datname = current_database())::text,
               (SELECT value FROM lmis_epoch)::text,
               %(asked)s,
               (SELECT string_agg(id || ' ' || tz, ',' ORDER BY id) FROM lpu),
               (SELECT string_agg(id::text, ',' ORDER BY id) FROM lmis_speciality WHERE code = %(speciality)s::text)
           ), 'UTF8')), 'hex'), 20) AS mark,
           (SELECT CASE WHEN count(DISTINCT days) < 2 THEN coalesce(min(days), '')
                        ELSE string_agg(days, ',' ORDER BY n) END
              FROM (SELECT n, to_char(first, 'YYYYMMDD-') || to_char(last, 'YYYYMMDD') AS days FROM zone) z) AS windows,
           pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS edge,
           {{newest}} AS newest,
           (SELECT coalesce(bool_and(last - first BETWEEN 0 AND %(most_days)s - 1), true) FROM zone) AS fits,
           %(resource)s::uuid IS NULL OR EXISTS (
               SELECT FROM lmis_doctor d
                WHERE d.guid = %(resource)s::uuid
                  AND (d.is_published AND d.is_active
                       OR EXISTS (SELECT FROM appointments_slot s WHERE s.doctor_id = d.id AND s.published))) AS known
),
held AS MATERIALIZED (
    -- The best of the caller's tags that name this question, and whose next slot has not begun.
    SELECT t.edge, t.place
      FROM head h,
           unnest(%(tag_marks)s::text[], %(tag_windows)s::text[], %(tag_edges)s::bigint[], %(tag_nexts)s::bigint[])
           WITH ORDINALITY AS t(mark, windows, edge, next_begin, place)
     WHERE t.mark = h.mark AND t.windows = h.windows AND t.edge <= h.newest + 1
       AND (t.next_begin = 0 OR t.next_begin > extract(epoch FROM %(now)s) * 1000000)
     ORDER BY t.edge DESC LIMIT 1
),
since AS MATERIALIZED (
    -- The revision to tell changes since, if it is of this question and covered all of the window. A doctor who was
    -- moved to another LPU or speciality leaves without a word, so then it is no use.
    SELECT %(since_edge)s::bigint AS edge
      FROM head h
     WHERE %(since_mark)s::text = h.mark AND %(since_edge)s::bigint <= h.newest + 1
       AND NOT EXISTS (SELECT FROM zone z
                        WHERE (z.first >= coalesce((%(since_first)s::date[])[z.n], (%(since_first)s::date[])[1])
                               AND z.last <= coalesce((%(since_last)s::date[])[z.n], (%(since_last)s::date[])[1]))
                              IS NOT TRUE)
       AND NOT EXISTS (SELECT FROM lmis_doctor d
                        WHERE d.refiled BETWEEN %(since_edge)s::bigint AND h.newest
                          AND (%(resource)s::uuid IS NULL OR d.guid = %(resource)s::uuid))
),
verdict AS MATERIALIZED (
    -- Unchanged since the older of the two that he names: whichever he means, there is nothing new for him.
    SELECT h.mark, h.windows, h.edge, s.edge AS since, t.place,
           CASE WHEN NOT h.known THEN 'unknown'
                WHEN NOT h.fits THEN 'too long'
                WHEN (%(any_tag)s OR t.edge IS NOT NULL) AND (NOT %(wants_since)s OR s.edge IS NOT NULL)
                     AND NOT EXISTS (SELECT FROM appointments_slot c JOIN doctor d ON d.id = c.doctor_id
                                      WHERE c.changed BETWEEN least(t.edge, s.edge) AND h.newest AND c.published
                                        AND c.begin >= d.opens AND c.begin < d.closes)
                     AND NOT EXISTS (SELECT FROM lmis_doctor d
                                      WHERE d.refiled BETWEEN least(t.edge, s.edge) AND h.newest
                                        AND (%(resource)s::uuid IS NULL OR d.guid = %(resource)s::uuid))
                THEN 'unchanged'
                WHEN s.edge IS NULL THEN 'full'
                ELSE 'changed' END AS answer
      FROM head h LEFT JOIN held t ON true LEFT JOIN since s ON true
)
SELECT v.answer, v.place, concat_ws('.', v.mark, v.windows, v.edge),
       CASE WHEN v.answer <> 'unchanged' OR v.place IS NULL THEN (
           SELECT coalesce((extract(epoch FROM min(n.begin)) * 1000000)::bigint, 0)
             FROM doctor d,
                  LATERAL (SELECT s.begin FROM appointments_slot s
                            WHERE s.doctor_id = d.id AND s.begin >= d.opens AND s.begin < d.closes AND s.begin > %(now)s
                            ORDER BY s.begin LIMIT 1) n) END,
       v.since
  FROM verdict v
