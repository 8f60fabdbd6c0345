-- The evidence log: one record that waits to be sealed, one debtor's key that was destroyed.
INSERT INTO evidence (id, kind, debtor_id, debt_id, subject, actor, at, facts) VALUES
    (1, 'hold.placed', 1, 1, 'hold:1', 'debtor', '2026-03-02 12:00:00', '{"reason": "dispute"}');
INSERT INTO evidence_key (debtor_id, key, made_at, destroyed_at) VALUES
    (1, NULL, '2026-03-02 12:00:00', '2026-03-02 12:00:00');
INSERT INTO evidence_head (id, chain, position, hash) VALUES (1, 'a-chain', 0, 'nothing');
