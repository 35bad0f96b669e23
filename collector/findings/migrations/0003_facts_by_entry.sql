-- The newest facts of one entry on all machines are found without reading the others.
CREATE INDEX findings_facts_entry ON findings_facts (entry, machine, sequence);
