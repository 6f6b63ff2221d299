-- Decisions of an enterprise, newest first, and changes likewise, without walking over everybody's.
CREATE INDEX redirect_decisions_enterprise ON redirect_decisions (enterprise_number, id DESC);
CREATE INDEX audit_log_enterprise_id ON audit_log (enterprise_number, id DESC);
