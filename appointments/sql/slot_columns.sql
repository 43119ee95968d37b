-- What a Slot of the contract is made of. Of a slot `s`, its doctor `d` (`resource` is the guid as text), and a stretch
-- `c` of the LPU's clock in which the slot begins; the slot may end in the next one.
s.id, s.guid, d.resource, s.begin, s."end", s.busy_code, s.busy_name, s.channels, s.capacity, s.room_label,
s.capacity + s.overbooked - s.booked AS places,
CASE WHEN s.begin <= %(now)s THEN 'Expired'
     WHEN s.is_blocked OR s.withdrawn <> '' OR NOT s.visible THEN 'Unavailable'
     WHEN s.booked >= s.capacity + s.overbooked THEN 'Booked'
     ELSE 'Available' END AS status,
c.shift, c.sign,
CASE WHEN s."end" < c.until THEN c.shift ELSE c.next_shift END AS end_shift,
CASE WHEN s."end" < c.until THEN c.sign ELSE c.next_sign END AS end_sign
