-- A hold that a profile widened, one that staff lifted, and a refusal.
INSERT INTO hold (id, key, debtor_id, debt_id, reason, placed_at, until, actor, cause, lifted_at, lifted_by, lifted_why, also_stops, payable) VALUES
  (3, 'turn:6:hold', 1, NULL, 'represented', '2026-02-12 10:00:00', NULL, 'debtor', 'said so', NULL, NULL, NULL, 'accrue', NULL),
  (4, 'turn:7:hold', 1, 2, 'complaint', '2026-02-12 10:00:00', NULL, 'debtor', 'said so', '2026-02-13 10:00:00', 'staff:1', 'ciphertext', '', NULL);
INSERT INTO hold_act (id, key, what, actor, authority, debtor_id, debt_id, hold_id, reason, too_old, why, asked_hash, at) VALUES
  (1, 'staff:1:lift:3', 'refused', 'staff:1', 'staff', 1, NULL, 3, 'represented', NULL, 'ciphertext', 'hash', '2026-02-13 10:00:00'),
  (2, 'staff:1:lift:4', 'lifted', 'staff:1', 'staff', 1, 2, 4, 'complaint', NULL, 'ciphertext', 'hash', '2026-02-13 10:00:00');
