-- A settlement of debt 4 that was accepted, an offer on debt 1 that was not, a form, a promise nobody holds against her.
INSERT INTO settlement (id, key, debtor_id, debt_id, currency, balance, amount, payments, offered_on, accept_by, pay_by, grace_days, authority, status, version, actor, offered_at, accepted_on, accepted_at, accepted_by, accept_key, paid_before, received) VALUES
  (1, 'turn:9:settlement', 1, 4, 'USD', 3500, 2450, 1, '2026-02-12', '2026-03-14', '2026-03-14', 5, 'bot', 'accepted', 2, 'bot', '2026-02-12 10:00:00', '2026-02-12', '2026-02-12 10:05:00', 'debtor', 'turn:10:accept', 1500, 0),
  (2, 'turn:11:settlement', 1, 1, 'GBP', 10500, 9000, 2, '2026-01-02', '2026-02-01', '2026-03-03', 3, 'staff', 'lapsed', 2, 'staff:1', '2026-01-02 10:00:00', NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO settlement_due (settlement_id, number, due_on, amount, paid, paid_on) VALUES (1, 1, '2026-03-14', 2450, 0, NULL);
INSERT INTO budget (id, key, debtor_id, version, taken_on, form, actor, recorded_at) VALUES
  (1, 'turn:12:form', 1, 1, '2026-02-12', 'ciphertext', 'staff:1', '2026-02-12 10:00:00');
INSERT INTO promise (id, key, debtor_id, currency, amount, made_on, due_on, grace_days, status, received, paid_before, judged_on, released_on, actor, made_at) VALUES
  (3, 'turn:13:promise', 1, 'GBP', 500, '2026-02-10', '2026-02-20', 3, 'released', 0, 0, '2026-02-24', '2026-02-24', 'bot', '2026-02-10 09:00:00');
