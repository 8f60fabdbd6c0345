-- A delta file of Northern Gas that was taken in.
INSERT INTO delta_import (id, creditor_id, as_of, name, imported_at) VALUES
  (1, 1, '2026-02-20 18:00:00', 'delta-2026-02-20.csv', '2026-02-20 18:05:00');
