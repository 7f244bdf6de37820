//! Proofs of origin: HMAC over the body, bearer tokens. Comparison is constant-time; secrets are a list, for rotation.
