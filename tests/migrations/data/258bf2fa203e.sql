-- A refund of a part of posting 4, interest on debt 1, the processor's fee.
UPDATE debt SET interest_rate = '8' WHERE id = 1;
UPDATE payment SET fee = 30, fee_currency = 'GBP' WHERE id = 1;
INSERT INTO account (id, debt_id, creditor_id, kind, currency, exponent) VALUES
  (12, 1, NULL, 'interest', 'GBP', 2), (13, NULL, 1, 'accrued_interest', 'GBP', 2), (14, NULL, 1, 'processor_fees', 'GBP', 2);
INSERT INTO txn (id, idem_key, content_hash, kind, effective_on, posted_at, actor, cause, reverses_id) VALUES
  (10, 'stripe:re_2:refunded', 'a', 'refund', '2026-02-01', '2026-02-01 09:00:00', 'stripe', 're_2', NULL),
  (11, 'accrual:1:2026-02-28', 'a', 'accrual', '2026-02-28', '2026-03-01 00:10:00', 'accrual', 'interest through 2026-02-28', NULL),
  (12, 'stripe:txn_1:fee', 'a', 'processor_fee', '2026-01-09', '2026-01-09 09:00:00', 'stripe', 'pi_1', NULL);
INSERT INTO take_back (txn_id, payment_id, withdrawal_id) VALUES (10, 4, NULL);
INSERT INTO entry (id, txn_id, account_id, currency, amount) VALUES
  (22, 10, 4, 'GBP', 200), (23, 10, 3, 'GBP', 500), (24, 10, 7, 'GBP', -700), (25, 11, 12, 'GBP', 50), (26, 11, 13, 'GBP', -50),
  (27, 12, 14, 'GBP', 30), (28, 12, 7, 'GBP', -30);
INSERT INTO seal (txn_id) VALUES (10), (11), (12);
UPDATE debt_balance SET interest = 50, version = 5 WHERE debt_id = 1;
UPDATE debt_balance SET overpayment = 0, principal = 500, version = 3 WHERE debt_id = 2;
UPDATE debt SET status = 'open' WHERE id = 2;
INSERT INTO accrual (debt_id, through, accrued, cap, version) VALUES (1, '2026-02-28', 50, 1000, 5);
INSERT INTO accrual_span (debt_id, first_on, last_on, annual_percent, frozen, method, day_count, base) VALUES
  (1, '2026-02-01', '2026-02-10', '8', NULL, 'simple', 'actual/365', 'principal'),
  (1, '2026-02-11', '2026-02-28', NULL, 'hold', 'simple', 'actual/365', 'principal');
