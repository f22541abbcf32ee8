-- Rows that change several times in a call's life find room for their next version on the same page, so that indexes whose
-- columns did not change need no new entry (heap-only tuples). Holds for pages written from now on.
ALTER TABLE calls SET (fillfactor = 60);
ALTER TABLE attempts SET (fillfactor = 75);
ALTER TABLE dials SET (fillfactor = 75);
ALTER TABLE agents SET (fillfactor = 50);

-- Nothing asks for the open dials of one trunk: dials_open_number serves what asks for all open ones.
DROP INDEX dials_trunk_open;
