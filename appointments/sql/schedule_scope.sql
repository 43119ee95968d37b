-- Whom and when it is about: each LPU by its own calendar, and its doctors.
-- Parameters: first, last, lpu, resource, speciality (each may be null), now, default_days.
lpu AS MATERIALIZED (
    SELECT l.id, l.time_zone AS tz, w.first, w.last,
           w.first::timestamp AT TIME ZONE l.time_zone AS opens,
           (w.last + 1)::timestamp AT TIME ZONE l.time_zone AS closes
      FROM lmis_lpu l,
           LATERAL (SELECT coalesce(%(first)s::date, (%(now)s AT TIME ZONE l.time_zone)::date) AS first) f,
           LATERAL (SELECT f.first, coalesce(%(last)s::date, f.first + %(default_days)s - 1) AS last) w
     WHERE (%(lpu)s::uuid IS NULL OR l.guid = %(lpu)s::uuid)
       AND l.id IN (SELECT d.lpu_id FROM lmis_doctor d WHERE %(resource)s::uuid IS NULL OR d.guid = %(resource)s::uuid)
),
doctor AS MATERIALIZED (
    SELECT d.id, d.guid::text AS resource, l.tz, l.opens, l.closes
      FROM lmis_doctor d JOIN lpu l ON l.id = d.lpu_id JOIN lmis_speciality sp ON sp.id = d.speciality_id
     WHERE (%(resource)s::uuid IS NULL OR d.guid = %(resource)s::uuid)
       AND (%(speciality)s::text IS NULL OR sp.code = %(speciality)s::text)
)
