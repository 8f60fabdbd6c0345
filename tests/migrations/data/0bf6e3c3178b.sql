-- A web session that a verification has ended and whose client may go on by its key; a host site's word, used once.
INSERT INTO session_key (conversation_id, public_key, retired_hash, nonce_hash, nonce_until) VALUES
  ('conversation-of-maya', '{"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}', 'a-retired-hash', NULL, NULL);
INSERT INTO host_assertion (id, jti_hash, expires_at) VALUES (1, 'a-hash', '2026-03-02 12:05:00');
