-- Contract D: the doctors shown to the outside, by name, each as JSON: the one place of a Resource's shape;
-- `ResourceSerializer` documents it and a test holds the two together.
-- Parameters: guid, lpu, speciality, position (each may be null), only_free, now.
SELECT '{"guid":"' || d.guid || '","type":"doctor","family":' || to_json(d.family) || ',"name":' || to_json(d.name)
       || ',"patronymic":' || to_json(d.patronymic)
       || ',"position":{"code":' || to_json(p.code) || ',"name":' || to_json(p.name)
       || '},"speciality":{"code":' || to_json(sp.code) || ',"name":' || to_json(sp.name)
       || '},"lpuGuid":"' || l.guid || '","department":' || to_json(coalesce(dep.name, ''))
       || ',"room":' || to_json(coalesce(r.number, '')) || ',"nextFree":'
       || coalesce('{"slot":"' || n.guid || '","begin":"'
                   || to_char(n.begin AT TIME ZONE n.shift, 'YYYY-MM-DD"T"HH24:MI:SS')
                   || CASE WHEN n.shift < interval '0' THEN '-' ELSE '+' END
                   || to_char(greatest(n.shift, -n.shift), 'HH24:MI') || '"}', 'null')
       || '}'
  FROM lmis_doctor d
       JOIN lmis_lpu l ON l.id = d.lpu_id
       JOIN lmis_speciality sp ON sp.id = d.speciality_id
       JOIN lmis_position p ON p.id = d.position_id
       LEFT JOIN lmis_department dep ON dep.id = d.department_id
       LEFT JOIN lmis_room r ON r.id = d.room_id
       -- The condition of the index slot_free word for word: a booked-out doctor costs no more than an idle one.
       LEFT JOIN LATERAL (
           SELECT s.guid, s.begin, (s.begin AT TIME ZONE l.time_zone) - (s.begin AT TIME ZONE interval '0') AS shift
             FROM appointments_slot s
            WHERE s.doctor_id = d.id AND s.begin > %(now)s
              AND s.withdrawn = '' AND NOT s.is_blocked AND s.visible AND s.booked < s.capacity + s.overbooked
            ORDER BY s.begin LIMIT 1) n ON true
 WHERE d.is_published AND d.is_active
   AND (%(guid)s::uuid IS NULL OR d.guid = %(guid)s::uuid)
   AND (%(lpu)s::uuid IS NULL OR l.guid = %(lpu)s::uuid)
   AND (%(speciality)s::text IS NULL OR sp.code = %(speciality)s::text)
   AND (%(position)s::text IS NULL OR p.code = %(position)s::text)
   AND (NOT %(only_free)s OR n.guid IS NOT NULL)
 ORDER BY d.family, d.name, d.patronymic, d.id
