-- The first instalment of the plan was paid in part, as its history tells.
UPDATE instalment SET state = 'part_paid', judged_on = '2026-02-05' WHERE plan_id = 1 AND number = 1;
INSERT INTO instalment_event (id, plan_id, since, number, due_on, amount, paid, state, at) VALUES
  (1, 1, 1, 1, '2026-02-01', 5000, 2000, 'part_paid', '2026-02-05 06:00:00');
