-- One row or more in every table of the first revision. Times are UTC; ciphertexts are never read.
INSERT INTO creditor (id, ref, name, country, currency, policy, own_collector) VALUES
  (1, 'GAS', 'Northern Gas', 'GB', 'GBP', 'uk-standard', FALSE), (2, 'LOAN', 'Loans Inc.', 'US', 'USD', 'us-standard', TRUE);
INSERT INTO debtor (id, ref, first_name, last_name, date_of_birth, postcode, country, region, timezone, language, email, phone, vulnerable, created_at) VALUES
  (1, 'M100', 'Maya', 'Okafor', 'ciphertext', 'ciphertext', 'GB', 'England', 'Europe/London', 'en', 'maya@example.org', '+447700900123', FALSE, '2026-01-01 09:00:00');
INSERT INTO debt (id, ref, debtor_id, creditor_id, currency, kind, description, opened_on, status, time_barred) VALUES
  (1, 'G-1', 1, 1, 'GBP', 'energy', 'gas', '2025-06-01', 'open', FALSE), (2, 'G-2', 1, 1, 'GBP', 'energy', '', '2025-07-01', 'paid', NULL),
  (3, 'G-3', 1, 1, 'GBP', 'energy', '', '2025-08-01', 'recalled', TRUE), (4, 'L-1', 1, 2, 'USD', 'loan', '', '2025-09-01', 'open', NULL);
INSERT INTO debt_balance (debt_id, principal, interest, fees, costs, overpayment, version) VALUES
  (1, 8000, 0, 500, 0, 0, 4), (2, 0, 0, 0, 0, 200, 2), (3, 0, 0, 0, 0, 0, 2), (4, 3500, 0, 0, 0, 0, 2);
INSERT INTO account (id, debt_id, creditor_id, kind, currency, exponent) VALUES
  (1, 1, NULL, 'principal', 'GBP', 2), (2, 1, NULL, 'fees', 'GBP', 2), (3, 2, NULL, 'principal', 'GBP', 2),
  (4, 2, NULL, 'overpayment', 'GBP', 2), (5, 3, NULL, 'principal', 'GBP', 2), (6, NULL, 1, 'placed', 'GBP', 2),
  (7, NULL, 1, 'processor_clearing', 'GBP', 2), (8, NULL, 1, 'direct', 'GBP', 2), (9, 4, NULL, 'principal', 'USD', 2),
  (10, NULL, 2, 'placed', 'USD', 2), (11, NULL, 2, 'processor_clearing', 'USD', 2);
INSERT INTO txn (id, idem_key, content_hash, kind, effective_on, posted_at, actor, cause, reverses_id) VALUES
  (1, 'open:G-1', 'a', 'opening', '2026-01-02', '2026-01-02 09:00:00', 'import', 'file', NULL),
  (2, 'open:G-2', 'a', 'opening', '2026-01-02', '2026-01-02 09:00:00', 'import', 'file', NULL),
  (3, 'open:G-3', 'a', 'opening', '2026-01-02', '2026-01-02 09:00:00', 'import', 'file', NULL),
  (4, 'stripe:pi_1:succeeded', 'a', 'payment', '2026-01-08', '2026-01-08 09:00:00', 'stripe', 'pi_1', NULL),
  (5, 'letter:1', 'a', 'payment', '2026-01-09', '2026-01-09 09:00:00', 'staff:1', 'bank', NULL),
  (6, 'letter:1:bounced', 'a', 'payment_reversal', '2026-01-12', '2026-01-12 09:00:00', 'staff:1', 'bounced', 5),
  (7, 'recall:G-3', 'a', 'recall', '2026-01-13', '2026-01-13 09:00:00', 'import', 'recalled', NULL),
  (8, 'open:L-1', 'a', 'opening', '2026-01-02', '2026-01-02 09:00:00', 'import', 'file', NULL),
  (9, 'stripe:pi_2:succeeded', 'a', 'payment', '2026-01-10', '2026-01-10 09:00:00', 'stripe', 'pi_2', NULL);
INSERT INTO entry (id, txn_id, account_id, currency, amount) VALUES
  (1, 1, 1, 'GBP', 10000), (2, 1, 2, 'GBP', 500), (3, 1, 6, 'GBP', -10500), (4, 2, 3, 'GBP', 3000), (5, 2, 6, 'GBP', -3000),
  (6, 3, 5, 'GBP', 2000), (7, 3, 6, 'GBP', -2000), (8, 4, 1, 'GBP', -2000), (9, 4, 3, 'GBP', -3000), (10, 4, 4, 'GBP', -200),
  (11, 4, 7, 'GBP', 5200), (12, 5, 1, 'GBP', -1000), (13, 5, 8, 'GBP', 1000), (14, 6, 1, 'GBP', 1000), (15, 6, 8, 'GBP', -1000),
  (16, 7, 5, 'GBP', -2000), (17, 7, 6, 'GBP', 2000), (18, 8, 9, 'USD', 5000), (19, 8, 10, 'USD', -5000), (20, 9, 9, 'USD', -1500),
  (21, 9, 11, 'USD', 1500);
INSERT INTO seal (txn_id) VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9);
INSERT INTO plan (id, key, debtor_id, currency, total, instalment, every, unit, first_on, grace_days, status, version, actor, agreed_at) VALUES
  (1, 'turn:1:plan', 1, 'GBP', 10500, 5000, 1, 'month', '2026-02-01', 3, 'active', 1, 'bot', '2026-01-03 10:00:00');
INSERT INTO plan_debt (plan_id, debt_id, amount, paid_before) VALUES (1, 1, 10500, 0);
INSERT INTO instalment (plan_id, number, due_on, amount, paid, paid_on) VALUES
  (1, 1, '2026-02-01', 5000, 2000, NULL), (1, 2, '2026-03-01', 5000, 0, NULL), (1, 3, '2026-04-01', 500, 0, NULL);
INSERT INTO promise (id, key, debtor_id, currency, amount, made_on, due_on, grace_days, status, received, paid_before, judged_on, actor, made_at) VALUES
  (1, 'turn:2:promise', 1, 'USD', 1500, '2026-01-05', '2026-01-20', 3, 'kept', 1500, 0, NULL, 'bot', '2026-01-05 10:00:00'),
  (2, 'turn:3:promise', 1, 'GBP', 1000, '2026-02-10', '2026-03-01', 3, 'open', 0, 0, NULL, 'bot', '2026-02-10 10:00:00');
INSERT INTO promise_debt (promise_id, debt_id) VALUES (1, 4);
INSERT INTO hold (id, key, debtor_id, debt_id, reason, placed_at, until, actor, cause, lifted_at, lifted_by) VALUES
  (1, 'turn:4:hold', 1, NULL, 'hardship', '2026-02-11 10:00:00', '2026-03-13', 'bot', 'said so', NULL, NULL),
  (2, 'turn:5:hold', 1, 2, 'dispute', '2026-01-03 10:00:00', NULL, 'bot', 'said so', '2026-01-07 10:00:00', 'staff:1');
INSERT INTO conversation (id, channel, locale, language, owner, owner_version, engine_session, engine_turns, next_event, misunderstandings, created_at, last_activity_at) VALUES
  ('conversation-of-maya', 'web', 'en-GB', 'en', 'bot', 1, 1, 1, 2, 0, '2026-01-03 10:00:00', '2026-01-03 10:00:00');
INSERT INTO turn (id, conversation_id, provider_id, state, attempts, raw, masked, language, terms, factors, owner_version, engine_session, received_at) VALUES
  (1, 'conversation-of-maya', 'web:1', 'done', 1, 'ciphertext', 'ciphertext', 'en', 'ciphertext', 'ciphertext', 1, 1, '2026-01-03 10:00:00');
INSERT INTO message (id, conversation_id, event_id, author, text, buttons, turn_id, at) VALUES
  (1, 'conversation-of-maya', 1, 'debtor', 'ciphertext', '[]', 1, '2026-01-03 10:00:00');
INSERT INTO button (id, conversation_id, message_id, title, intent, binding, expires_at) VALUES
  ('button-1', 'conversation-of-maya', 1, 'Yes', 'affirm', TRUE, '2026-01-04 10:00:00');
INSERT INTO ticket (id, key, conversation_id, debtor_id, kind, urgent, summary, state, opened_at) VALUES
  (1, 'turn:4:hardship', 'conversation-of-maya', 1, 'hardship', FALSE, 'ciphertext', 'open', '2026-02-11 10:00:00');
INSERT INTO outbox (id, key, kind, conversation_id, payload, state, attempts, next_attempt_at, created_at) VALUES
  (1, 'turn:1:out', 'telegram', 'conversation-of-maya', 'ciphertext', 'sent', 1, '2026-01-03 10:00:00', '2026-01-03 10:00:00');
INSERT INTO contact_change (id, key, debtor_id, conversation_id, wanted, state, asked_at) VALUES
  (1, 'turn:6:change', 1, 'conversation-of-maya', 'ciphertext', 'asked', '2026-01-03 10:00:00');
INSERT INTO contact_preference (id, debtor_id, channel, allowed, reason, since) VALUES (1, 1, 'sms', FALSE, 'stop', '2026-01-03 10:00:00');
INSERT INTO contact_wish (debtor_id, preferred_channel, not_before, not_after, since) VALUES (1, 'telegram', '09:00', '17:00', '2026-01-03 10:00:00');
INSERT INTO identity_attempt (id, conversation_id, matched, at) VALUES (1, 'conversation-of-maya', TRUE, '2026-01-03 10:00:00');
INSERT INTO offered_factors (conversation_id, factors, at) VALUES ('conversation-of-maya', 'ciphertext', '2026-01-03 10:00:00');
INSERT INTO one_time_code (id, key, conversation_id, debtor_id, tries, sent_at, expires_at) VALUES
  (1, 'turn:7:code', 'conversation-of-maya', 1, 0, '2026-01-03 10:00:00', '2026-01-03 10:10:00');
INSERT INTO personal_link (id, token_hash, debtor_id, verifies, created_by, created_at, expires_at) VALUES
  (1, 'hash-1', 1, TRUE, 'staff:1', '2026-01-03 10:00:00', '2026-02-03 10:00:00');
INSERT INTO verification (id, conversation_id, debtor_id, level, method, link_id, verified_at, last_used_at) VALUES
  (1, 'conversation-of-maya', 1, 'verified', 'link', 1, '2026-01-03 10:00:00', '2026-01-03 10:00:00');
INSERT INTO pay_link (id, key, token_hash, token, reference, debtor_id, conversation_id, currency, created_at, expires_at) VALUES
  (1, 'turn:8:pay', 'hash-2', 'ciphertext', 'P-2001', 1, 'conversation-of-maya', 'GBP', '2026-01-08 09:00:00', '2026-02-08 09:00:00');
INSERT INTO pay_link_part (pay_link_id, debt_id, amount) VALUES (1, 1, 2000), (1, 2, 3200);
INSERT INTO checkout_session (id, pay_link_id, number, key, stripe_id, status, fingerprint, amount, currency, split, request, created_at) VALUES
  (1, 1, 1, 'checkout:1', 'cs_1', 'complete', 'f', 5200, 'GBP', '{"1": 2000, "2": 3200}', '{}', '2026-01-08 09:00:00');
INSERT INTO payment (id, object_key, payment_intent, checkout_session_id, pay_link_id, debtor_id, amount, currency, livemode, status, txn_id, paid_at) VALUES
  (1, 'pi_1:succeeded', 'pi_1', 1, 1, 1, 5200, 'GBP', FALSE, 'posted', 4, '2026-01-08 09:00:00');
INSERT INTO refund (id, stripe_id, payment_id, amount, txn_id, failed, refunded_at) VALUES (1, 're_1', 1, 700, NULL, TRUE, '2026-01-09 09:00:00');
INSERT INTO stripe_event (id, kind, payment_intent, livemode, raw, created_at, received_at, state, attempts) VALUES
  ('evt_1', 'checkout.session.completed', 'pi_1', FALSE, 'ciphertext', '2026-01-08 09:00:00', '2026-01-08 09:00:00', 'handled', 1);
INSERT INTO staff_account (id, email, name, role, password_hash, active, created_at) VALUES
  (1, 'sam@example.org', 'Sam', 'agent', 'hash', TRUE, '2026-01-01 09:00:00');
INSERT INTO staff_act (id, staff_id, what, ticket_id, at) VALUES (1, 1, 'opened', 1, '2026-02-11 10:00:00');
INSERT INTO staff_presence (staff_id, seen_at) VALUES (1, '2026-02-11 10:00:00');
INSERT INTO staff_session (token_hash, staff_id, opened_at, active_at, expires_at) VALUES
  ('hash-3', 1, '2026-02-11 09:00:00', '2026-02-11 10:00:00', '2026-02-11 18:00:00');
INSERT INTO staff_sign_in_attempt (id, email_hash, address_hash, at) VALUES (1, 'hash-4', 'hash-5', '2026-02-11 09:00:00');
INSERT INTO clock_offset (id, seconds) VALUES (1, 0);
