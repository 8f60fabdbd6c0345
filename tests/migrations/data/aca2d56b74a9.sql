-- The feed has sent one event and not yet the next; one balance has been confirmed.
UPDATE feed_head SET position = 1 WHERE id = 1;
INSERT INTO feed_receiver (name, position, attempts) VALUES ('webhook', 1, 0);
INSERT INTO feed_event (id, position, uid, key, subject, kind, debtor_id, debt_id, at, facts) VALUES
  (1, 1, 'uid-1', 'hold:1:placed', 'hold:1', 'hold_placed', 1, NULL, '2026-02-11 10:00:00', '{}'),
  (2, NULL, 'uid-2', 'txn:4', 'txn:4', 'payment', 1, 1, '2026-01-08 09:00:00', '{}');
UPDATE debt SET as_of = '2026-01-02 09:00:00' WHERE id = 1;
