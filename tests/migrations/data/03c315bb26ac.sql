-- A write-off that a manager approved, and what staff did on an account.
INSERT INTO approval (id, key, act, debtor_id, debt_id, content_hash, minor, needed, status, form, asked_by, asked_at, decided_by, decided_at, authority, done_at) VALUES
  (1, 'console:1:abc', 'write_off', 1, 1, 'c0ffee', 15000, 'lead', 'approved', 'ciphertext', 'staff:1', '2026-02-12 10:00:00', 'staff:1', '2026-02-12 11:00:00', 'lead', '2026-02-12 11:00:00'),
  (2, 'console:1:def', 'plan_change', 1, NULL, 'c0ffef', NULL, 'staff', 'asked', 'ciphertext', 'staff:1', '2026-02-12 10:00:00', NULL, NULL, NULL, NULL);
INSERT INTO staff_act (id, staff_id, what, debtor_id, at) VALUES (20, 1, 'did', 1, '2026-02-12 11:00:00');
