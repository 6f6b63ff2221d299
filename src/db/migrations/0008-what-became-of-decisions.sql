-- What became of a call that was decided, once it is over: {result, answeredBy, fellThrough}.
ALTER TABLE redirect_decisions ADD COLUMN outcome jsonb;
